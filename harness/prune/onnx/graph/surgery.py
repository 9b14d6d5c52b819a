"""Remove channels: give each constant the rows that stay, and state anew what counts channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common

from harness.channels.names import Names
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, Graph, Shape, constant
from harness.prune.onnx.graph.site import Cut
from harness.prune.onnx.graph.trace import Trace


def remove(found: Trace, removal: Removal) -> ir.Model:
    """A new model without the removed channels; that of the trace is only read.

    Ensures: every constant is a cut of the original's; nodes, inputs and outputs have the original's names.
    """
    model = found.graph.model.clone()
    graph = Graph(model, found.graph.shapes, found.graph.dtypes)
    cutter = _Cutter(graph)
    for (path, index), change in found.notes.numbers.items():
        _renumber(cutter, path, index, change(removal), found, removal)
    for cut in found.notes.cuts:
        cutter.cut(cut, removal)
    cutter.settle()
    for (path, name), setting in found.notes.attributes.items():
        _set(graph.nodes[path], name, setting(removal), _loses(found, path, removal))
    for (path, index), ids in found.notes.dropped.items():
        if not removal.kept(ids).all():
            graph.nodes[path].replace_input_with(index, None)
    common.RemoveUnusedNodesPass()(model)
    _reshape_values(model, found.tensors, removal)
    return model


class _Cutter:
    """Gives nodes constants of their own where they need them; those that are cut alike are shared as before."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._made: dict[tuple[int, bytes], list[tuple[ir.Node, int]]] = {}
        self._values: dict[int, ir.Value] = {}
        self._arrays: dict[tuple[int, bytes], Array] = {}

    def cut(self, cut: Cut, removal: Removal) -> None:
        """Cut the constant that a node reads."""
        node = self.graph.nodes[cut.node]
        value = node.inputs[cut.index]
        held = constant(value)
        assert value is not None
        assert held is not None
        how = b"".join(b"%d" % axis + removal.kept(ids).tobytes() for axis, ids in sorted(cut.axes.items()))
        self.give(node, cut.index, sliced(held, cut.axes, removal), how)

    def give(self, node: ir.Node, index: int, array: Array, how: bytes) -> None:
        """Let a node read this array instead of its constant; `how` is the same where it was made alike."""
        value = node.inputs[index]
        assert value is not None
        key = id(value), how
        self._values[id(value)] = value
        self._arrays[key] = array
        self._made.setdefault(key, []).append((node, index))

    def settle(self) -> None:
        """Put them in place: under the old name where all readers get the same."""
        for (identity, content), users in self._made.items():
            value, array = self._values[identity], self._arrays[identity, content]
            held = constant(value)
            assert held is not None
            if held.shape == array.shape and (array.dtype.kind == "f" or np.array_equal(array, held)):
                continue  # nothing goes
            alone = len(value.uses()) == len(users) and not value.is_graph_output()
            if alone:
                value.const_value = ir.Tensor(np.array(array, order="C"), name=value.name)
                value.shape = ir.Shape(array.shape)
                continue
            new = self.new(f"{value.name}_cut", array)
            for node, index in users:
                node.replace_input_with(index, new)

    def new(self, name: str, array: Array) -> ir.Value:
        """An initializer of a name that is not taken."""
        taken = self.graph.model.graph.initializers
        unique = next(each for each in (name, *(f"{name}_{n}" for n in range(1, len(taken) + 2))) if each not in taken)
        kind = ir.TensorType(ir.DataType.from_numpy(array.dtype))
        made = ir.Value(name=unique, shape=ir.Shape(array.shape), type=kind)
        made.const_value = ir.Tensor(np.array(array, order="C"), name=unique)
        self.graph.model.graph.register_initializer(made)
        return made


def sliced(held: Array, axes: Mapping[int, Names], removal: Removal) -> Array:
    """The part of a constant whose channels stay."""
    for axis, ids in axes.items():
        kept = removal.kept(ids)
        if not kept.all():
            held = np.compress(kept, held, axis=axis)
    return held


def _renumber(
    cutter: _Cutter, path: str, index: int, numbers: Sequence[int | None], found: Trace, removal: Removal
) -> None:
    """State whole numbers anew: in a constant, or over what the graph computes."""
    node = cutter.graph.nodes[path]
    if all(number is None for number in numbers) or not _loses(found, path, removal):
        return
    value = node.inputs[index] if index < len(node.inputs) else None
    held = constant(value)
    if held is not None:
        if len(numbers) == held.size:
            pairs = zip(held.ravel().tolist(), numbers, strict=True)
            kept = node.op_type == "Reshape"
            numbers = [was if now is None or (kept and was == -1) else now for was, now in pairs]
        array = np.asarray(numbers, held.dtype)
        array = array.reshape(held.shape) if array.size == held.size else array
        cutter.give(node, index, array, repr(numbers).encode())
    elif value is None:
        node.resize_inputs(max(len(node.inputs), index + 1))
        node.replace_input_with(index, cutter.new(f"{path}_sizes", np.asarray(numbers, np.int64)))
    else:
        _over(cutter, node, index, value, numbers)


def _over(cutter: _Cutter, node: ir.Node, index: int, value: ir.Value, numbers: Sequence[int | None]) -> None:
    """Put the known numbers over computed ones."""
    name = f"{node.outputs[0].name}_sizes"
    stated = cutter.new(f"{name}_stated", np.array([number is not None for number in numbers]))
    known = cutter.new(f"{name}_known", np.array([number or 0 for number in numbers], np.int64))
    chosen = ir.Node("", "Where", [stated, known, value], num_outputs=1, name=name)
    chosen.outputs[0].name = name
    assert node.graph is not None
    node.graph.insert_before(node, chosen)
    node.replace_input_with(index, chosen.outputs[0])


def _set(node: ir.Node, name: str, value: Any, loses: bool) -> None:
    if not loses:
        return
    if value is None:
        node.attributes.pop(name, None)
    else:
        node.attributes[name] = ir.AttrInt64s(name, value) if isinstance(value, list) else ir.AttrInt64(name, value)


def _loses(found: Trace, path: str, removal: Removal) -> bool:
    """Whether a tensor that a node reads or makes loses channels."""
    node = found.graph.nodes[path]
    tensors = [str(value.name) for value in (*node.inputs, *node.outputs) if value is not None]
    return any(removal.mask(found.tensors[name]) is not None for name in tensors if name in found.tensors)


def _reshape_values(model: ir.Model, tensors: Mapping[str, Names], removal: Removal) -> None:
    """The shapes that the file states of tensors between its nodes."""
    for node in model.graph:
        for value in node.outputs:
            names = tensors.get(str(value.name))
            if names is None or value.shape is None or len(value.shape) != names.ndim:
                continue
            left = removal.shape(names)
            if left != names.shape:
                pairs = zip(value.shape, left, names.shape, strict=True)
                value.shape = ir.Shape([size if now == was else now for size, now, was in pairs])


def shapes_left(found: Trace, removal: Removal) -> dict[str, Shape]:
    """The shape of every tensor in the run, without what goes."""
    shapes = dict(found.graph.shapes)
    for name, names in found.tensors.items():
        left, shape = removal.shape(names), found.graph.shapes.get(name, ())
        shapes[name] = tuple(
            size if now == was else now for size, now, was in zip(shape, left, names.shape, strict=False)
        )
    return shapes
