"""A Keras model as a flat list of calls. The only file here that reads Keras's own record of the graph.

Models inside models are unfolded, and so are layers and models inside TimeDistributed, so that what follows sees one
graph: each `Call` is one use of one layer (or of one raw `keras.ops` operation), and tensors are numbers.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from harness.base.errors import ModelError, PruneError
from harness.prune.keras_graph.steps import EachStep, Together

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Ref:
    """Stands for tensor number `index` in the arguments of a call."""

    index: int


@dataclass(frozen=True)
class Call:
    """One use of a layer. `path` names the layer: `conv1`, or `inner/conv1` inside a nested model.

    It runs `times` for one example: more than once inside TimeDistributed; None where the number of steps is unknown.
    """

    path: str
    op: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    times: int | None = 1


@dataclass
class Graph:
    """Calls in an order in which they can run; `shapes` holds the shape of each tensor, batch axis first.

    `entries` tells, for each model inside the model, by its path, the tensors that every one of its calls takes.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: tuple[Call, ...]
    shapes: dict[int, Shape]
    dtypes: dict[int, str]
    entries: dict[str, list[tuple[int, ...]]]
    models: dict[str, Any]

    @property
    def layers(self) -> dict[str, Any]:
        """Every layer and raw operation, once, by its path."""
        return {call.path: call.op for call in self.calls}

    def digest(self) -> str:
        """Identifies the architecture, whatever the layers' names and the weights' values are."""
        order = {path: number for number, path in enumerate(self.layers)}
        lines = [
            [
                type(call.op).__name__,
                order[call.path],
                call.inputs,
                call.outputs,
                [self.shapes[index] for index in call.outputs],
                [tuple(weight.shape) for weight in weights_of(call.op)],
            ]
            for call in self.calls
        ]
        text = json.dumps([self.inputs, [self.shapes[index] for index in self.inputs], self.outputs, lines])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class _Reader:
    calls: list[Call] = field(default_factory=list)
    shapes: dict[int, Shape] = field(default_factory=dict)
    dtypes: dict[int, str] = field(default_factory=dict)
    entries: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)

    def new_tensor(self, shape: Shape, dtype: str) -> int:
        index = len(self.shapes)
        self.shapes[index], self.dtypes[index] = shape, dtype
        return index

    def read(self, model: Any, inputs: Sequence[int], prefix: str, times: int | None = 1) -> tuple[int, ...]:
        """Add the calls of `model` on the tensors `inputs`; return the tensors that come out."""
        known = {id(tensor): index for tensor, index in zip(model.inputs, inputs, strict=True)}
        for node in _nodes(model):
            if any(id(tensor) not in known for tensor in node.input_tensors):
                continue
            taken = tuple(known[id(tensor)] for tensor in node.input_tensors)
            args, kwargs = node.arguments.convert(lambda x: Ref(known[id(x)]) if _is_tensor(x) else x)
            outputs = [(tuple(tensor.shape), str(tensor.dtype)) for tensor in node.output_tensors]
            call = Call(prefix + node.operation.name, node.operation, args, kwargs, taken, (), times)
            made = self.add(call, outputs)
            known.update({id(tensor): index for tensor, index in zip(node.output_tensors, made, strict=True)})
        return tuple(known[id(tensor)] for tensor in model.outputs)

    def add(self, call: Call, outputs: Sequence[tuple[Shape, str]]) -> tuple[int, ...]:
        """Add a call, or those inside it, with outputs of these shapes and types; return the tensors that come out."""
        # A layer may be reached through several models; it is one layer, and has the path where it came first.
        path = self.paths.setdefault(id(call.op), call.path)
        if is_graph(call.op):
            self.entries.setdefault(path, []).append(call.inputs)
            self.models[path] = call.op
            return self.read(call.op, call.inputs, path + "/", call.times)
        if is_each_step(call.op):
            return self._add_each_step(replace(call, path=path), outputs[0])
        made = tuple(self.new_tensor(*output) for output in outputs)
        self.calls.append(replace(call, path=path, outputs=made))
        return made

    def _add_each_step(self, call: Call, output: tuple[Shape, str]) -> tuple[int, ...]:
        """Add what a TimeDistributed runs on each step, between a reshape to single steps and one back."""
        whole, inner = call.inputs[0], call.op.layer
        length = self.shapes[whole][1]
        steps = None if length is None or call.times is None else length * call.times
        single = self._fold(call, whole, "fold")
        path = f"{call.path}/{inner.name}" if is_each_step(inner) else call.path
        inside = Call(path, inner, (Ref(single),), {}, (single,), (), steps)
        mask = call.kwargs.get("mask")
        if isinstance(mask, Ref) and not is_graph(inner) and "mask" in inspect.signature(inner.call).parameters:
            folded = self._fold(call, mask.index, "fold_mask")
            inside = replace(inside, kwargs={"mask": Ref(folded)}, inputs=(single, folded))
        (after,) = self.add(inside, [((None, *output[0][2:]), output[1])])
        unfold = Call(call.path + ".unfold", Together(), (Ref(after), Ref(whole)), {}, (after, whole), (), call.times)
        return self.add(unfold, [output])

    def _fold(self, call: Call, whole: int, name: str) -> int:
        """Add the reshape of a sequence to its single steps; return these."""
        fold = Call(f"{call.path}.{name}", EachStep(), (Ref(whole),), {}, (whole,), (), call.times)
        (single,) = self.add(fold, [((None, *self.shapes[whole][2:]), self.dtypes[whole])])
        return single


def read_graph(model: keras.Model) -> Graph:
    """Unfold a functional or Sequential model.

    Raises:
        ModelError: the model is not built, or its layers can't be seen because it is subclassed.
    """
    check_readable(model)
    reader = _Reader()
    inputs = tuple(reader.new_tensor(tuple(tensor.shape), str(tensor.dtype)) for tensor in model.inputs)
    outputs = reader.read(model, inputs, "")
    return Graph(inputs, outputs, tuple(reader.calls), reader.shapes, reader.dtypes, reader.entries, reader.models)


def check_readable(model: keras.Model) -> None:
    """Raise ModelError unless the model has a graph that can be read."""
    if not isinstance(model, keras.Model):
        raise ModelError(f"expected a Keras model, not {type(model).__name__}; load it with keras.models.load_model")
    if isinstance(model, keras.Sequential) and not model.built:
        raise ModelError(f"model '{model.name}' is not built; give it an Input layer or call model.build(input_shape)")
    if not is_graph(model):
        raise ModelError(
            f"model '{model.name}' is subclassed, so its layers' connections can't be seen; "
            "rebuild it as a functional or Sequential model"
        )


def check_finite(graph: Graph) -> None:
    """Raise PruneError where a weight is not a finite number."""
    for path, op in graph.layers.items():
        for weight in weights_of(op):
            if not np.isfinite(keras.ops.convert_to_numpy(weight.value)).all():
                raise PruneError(f"weight '{weight.name}' of '{path}' holds NaN or infinity; train the model again")


def is_graph(op: Any) -> bool:
    """Whether this is a model whose calls can be unfolded: it runs its layers and nothing else."""
    if not isinstance(op, keras.Model) or type(op).call.__qualname__ not in ("Functional.call", "Sequential.call"):
        return False
    return hasattr(_function(op), "_nodes_by_depth")


def is_each_step(op: Any) -> bool:
    """Whether this runs one layer or model on each step of a sequence, and nothing else."""
    return type(op) is keras.layers.TimeDistributed


def weights_of(op: Any) -> list[Any]:
    """The variables of a layer, in Keras's order, without the states of random generators; none for an operation."""
    return [weight for weight in getattr(op, "weights", []) if "seed_generator" not in weight.path]


def run(graph: Graph, inputs: Sequence[Any], call: Callable[[Call, tuple[Any, ...], dict[str, Any]], Any]) -> list[Any]:
    """Run every call through `call(call, args, kwargs)`, eagerly; return the model's outputs."""
    values = dict(zip(graph.inputs, inputs, strict=True))
    last_use = {index: number for number, step in enumerate(graph.calls) for index in step.inputs}
    for number, step in enumerate(graph.calls):
        args, kwargs = keras.tree.map_structure(
            lambda x: values[x.index] if isinstance(x, Ref) else x, (step.args, dict(step.kwargs))
        )
        made = keras.tree.flatten(call(step, args, kwargs))
        values.update(zip(step.outputs, made, strict=True))
        for index in step.inputs:
            if last_use[index] == number and index not in graph.outputs:
                values.pop(index, None)
    return [values[index] for index in graph.outputs]


def _function(model: Any) -> Any:
    return getattr(model, "_functional", None) if isinstance(model, keras.Sequential) else model


def _nodes(model: Any) -> list[Any]:
    by_depth = _function(model)._nodes_by_depth
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [node for node in nodes if node.operation and not node.is_input]


def _is_tensor(x: Any) -> bool:
    return isinstance(x, keras.KerasTensor)
