"""From a Keras model to its graph. The only file here that reads Keras's own record of it.

Models inside models are unfolded, and so are layers and models inside TimeDistributed, so that what follows sees one
graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from harness.base.errors import ModelError
from harness.prune.keras_graph.graph import Call, Graph, Ref, Shape
from harness.prune.keras_graph.steps import EachStep, Together


@dataclass
class _Reader:
    """The graph as far as it was read. `paths` names the layers, by their `id`."""

    calls: list[Call] = field(default_factory=list)
    shapes: dict[int, Shape] = field(default_factory=dict)
    dtypes: dict[int, str] = field(default_factory=dict)
    entries: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)

    def new_tensor(self, shape: Shape, dtype: str) -> int:
        """Count one more tensor; return its number."""
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


def is_graph(op: Any) -> bool:
    """Whether this is a model whose calls can be unfolded: it runs its layers and nothing else."""
    if not isinstance(op, keras.Model) or type(op).call.__qualname__ not in ("Functional.call", "Sequential.call"):
        return False
    return hasattr(_function(op), "_nodes_by_depth")


def is_each_step(op: Any) -> bool:
    """Whether this runs one layer or model on each step of a sequence, and nothing else."""
    return type(op) is keras.layers.TimeDistributed


def _function(model: Any) -> Any:
    return getattr(model, "_functional", None) if isinstance(model, keras.Sequential) else model


def _nodes(model: Any) -> list[Any]:
    by_depth = _function(model)._nodes_by_depth
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [node for node in nodes if node.operation and not node.is_input]


def _is_tensor(x: Any) -> bool:
    return isinstance(x, keras.KerasTensor)
