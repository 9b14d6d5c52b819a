"""Remove channels: rebuild the model from changed configurations, and give each weight the rows that stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError, first_line
from harness.channels.removal import Removal
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.reading import is_each_step, is_graph, read_graph
from harness.prune.keras_graph.site import Arguments, LayerNames, WeightNames
from harness.prune.keras_graph.trace import Trace

Value = npt.NDArray[Any]


def remove(model: keras.Model, trace: Trace, removal: Removal) -> keras.Model:
    """A new model without the removed channels; `model` is only read.

    Requires: the trace is that of this model. Ensures: every weight is a cut of the original's, every layer has the
    original's name.

    Raises:
        PruneError: a layer can't be rebuilt, or its rule broke its promise.
    """
    try:
        pruned = _Copier(trace, removal).model(model)
    except (ValueError, TypeError) as error:
        problem = first_line(error)
        raise PruneError(f"the pruned network can't be built ({problem}); a layer's rule may be wrong") from error
    fill(pruned, trace, removal)
    return pruned


class _Copier:
    """Copies a model and the models inside it, each layer once, with fewer channels."""

    def __init__(self, trace: Trace, removal: Removal) -> None:
        self._trace = trace
        self._removal = removal
        self._paths = {id(op): path for path, op in {**trace.graph.layers, **trace.graph.models}.items()}
        self._copies: dict[int, Any] = {}
        self._arguments: dict[int, Arguments] = {}

    def model(self, model: keras.Model) -> keras.Model:
        """A copy of a model, or of one inside it, on inputs of its own."""
        inputs = self._inputs(model)
        if not isinstance(model, keras.Sequential):
            given = keras.tree.pack_sequence_as(model.input, inputs)
            return keras.models.clone_model(
                uncompiled(model), input_tensors=given, clone_function=self._layer, call_function=self._call
            )
        return keras.Sequential([*inputs, *map(self._layer, model.layers)], name=model.name)

    def _inputs(self, model: keras.Model) -> list[Any]:
        """New inputs; those of a model inside the model lose channels as the tensors do that it is called on."""
        path = self._paths.get(id(model))
        taken = self._trace.graph.entries[path][0] if path is not None else self._trace.graph.inputs
        made = []
        for index, tensor in zip(taken, model.inputs, strict=True):
            left = self._removal.shape(self._trace.tensors[index])
            shape = [None if size is None else now for size, now in zip(tensor.shape, left, strict=True)]
            batch_shape = (tensor.shape[0], *shape[1:])
            made.append(keras.Input(batch_shape=batch_shape, dtype=tensor.dtype, name=tensor.name))
        return made

    def _layer(self, op: Any) -> Any:
        if id(op) not in self._copies:
            names = self._trace.layers.get(self._paths.get(id(op), ""), LayerNames())
            if is_graph(op):
                copy = self.model(op)
            elif is_each_step(op):
                copy = rewrapped(op, self._layer(op.layer))
            else:
                copy = rebuilt(op, changes(names, self._removal))
            self._copies[id(op)] = copy
            if names.arguments is not None:
                self._arguments[id(copy)] = names.arguments
        return self._copies[id(op)]

    def _call(self, op: Any, *args: Any, **kwargs: Any) -> Any:
        if id(op) in self._arguments:
            args, kwargs = self._arguments[id(op)](self._removal, args, kwargs)
        return op(*args, **kwargs)


def uncompiled(model: keras.Model) -> keras.Model:
    """The same layers in a model that was never compiled.

    Keras compiles the copy of a compiled model, and fails where it can't find the user's own loss.
    """
    if not model.compiled:
        return model
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.Model(model.input, model.output, name=model.name)


def changes(names: LayerNames, removal: Removal) -> dict[str, Any]:
    """How a layer's configuration differs once the channels are gone."""
    changed: dict[str, Any] = {}
    for config in names.configs:
        changed.update(config(removal))
    return changed


def rebuilt(op: Any, changed: Mapping[str, Any]) -> Any:
    """A new layer or operation of the same type and name, with a changed configuration."""
    if isinstance(op, keras.layers.Lambda):
        return _same_function(op, changed)
    try:
        return type(op).from_config({**op.get_config(), **changed})
    except (NotImplementedError, TypeError, ValueError) as error:
        raise PruneError(
            f"layer '{op.name}' ({type(op).__name__}) can't be rebuilt from its configuration "
            f"({first_line(error)}); give it a complete get_config()"
        ) from error


def rewrapped(op: Any, layer: Any, changed: Mapping[str, Any] | None = None) -> Any:
    """A new wrapper of the same type and name around another layer, with a changed configuration."""
    own = {key: value for key, value in op.get_config().items() if key != "layer"}
    return type(op)(layer, **{**own, **(changed or {})})


def _same_function(op: Any, changed: Mapping[str, Any]) -> Any:
    """A new Lambda with the function that is in memory: Keras would refuse to read its code from the configuration."""
    options = {"output_shape": op._output_shape, "mask": op.mask, "arguments": op.arguments, "name": op.name}
    return type(op)(op.function, **{**options, "dtype": op.dtype_policy, **changed})


def fill(pruned: keras.Model, trace: Trace, removal: Removal) -> None:
    """Give the pruned model its weights, layer by layer."""
    for path, op in read_graph(pruned).layers.items():
        for index, (weight, old) in enumerate(zip(weights_of(op), weights_of(trace.graph.layers[path]), strict=True)):
            value = cut(keras.ops.convert_to_numpy(old.value), trace.layers[path].weights.get(index), removal)
            if value.shape != tuple(weight.shape):
                raise PruneError(
                    f"weight '{weight.name}' of '{path}' has shape {tuple(weight.shape)} after pruning, but its rule "
                    f"leaves {value.shape}; correct the rule of {type(op).__name__}"
                )
            weight.assign(value)
        if isinstance(op, keras.layers.Normalization):
            op.finalize_state()


def cut(value: Value, names: WeightNames | None, removal: Removal) -> Value:
    """The part of a weight whose channels stay."""
    for axis, ids in (names.axes if names is not None else {}).items():
        kept = removal.kept(ids)
        if not kept.all():
            value = np.compress(kept, value, axis=axis)
    return value
