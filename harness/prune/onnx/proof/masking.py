"""The original with channels set to zero in every tensor that carries them: a choice behind each, in a copy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from harness.channels.names import Flags
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, Graph, constant
from harness.prune.onnx.graph.trace import Trace

WHERE = 9  # the opset that has it
MASKABLE = ("float16", "float32", "float64", "int32", "int64")


def masked(found: Trace, removal: Removal, fill: float = 0.0) -> ir.Model:
    """A copy of the traced graph in which channels are `fill` wherever something reads them.

    Whole numbers of eight bits stand for floats that were masked before, or are set to their zero point where a node
    reads them that has such inputs. The units of an LSTM are read inside it, too: nothing flows into their cells, so
    that their state stays at zero.
    """
    model = found.graph.model.clone()
    tensors = {str(value.name): value for node in model.graph for value in node.outputs}
    for name, mask in masks(found, removal).items():
        _put_behind(model.graph, tensors[name], mask, fill, found.graph.dtypes[name])
    nodes = Graph(model, found.graph.shapes, found.graph.dtypes).nodes
    for (path, index), point in found.notes.zeros.items():
        name = str(found.graph.nodes[path].inputs[index].name)  # type: ignore[union-attr]
        whole = removal.mask(found.tensors[name]) if name in found.tensors else None
        if whole is not None:
            _put_before(model.graph, nodes[path], (index, point), _compact(whole), found.graph.dtypes[name])
    for path, units in found.notes.states.items():
        _still(model.graph, nodes[path], np.flatnonzero(~removal.kept(units)), len(units))
    return model


def _still(graph: ir.Graph, node: ir.Node, gone: Array, units: int) -> None:
    """Let nothing flow into the cells of these units: the last of the four gates."""
    if not len(gone):
        return
    cells = 3 * units + gone
    gates = 2 if node.op_type == "DynamicQuantizeLSTM" else 1
    for index, axis, places in ((1, gates, cells), (2, gates, cells), (3, 1, np.r_[cells, 4 * units + cells])):
        value = node.inputs[index]
        held = constant(value)
        assert value is not None
        assert held is not None
        still = np.moveaxis(np.array(held), axis, 0)
        still[places] = _zero_point(node, index) if gates == 2 and index < 3 else 0
        still = np.moveaxis(still, 0, axis)
        node.replace_input_with(index, _constant(graph, f"{value.name}.still.{node.outputs[0].name}", still))


def _zero_point(node: ir.Node, index: int) -> Array:
    """What stands for zero in a kernel of whole numbers, lined up with (directions, channels)."""
    held = constant(node.inputs[9 if index == 1 else 11])
    assert held is not None
    return held.reshape(-1, 1)


def masks(found: Trace, removal: Removal) -> dict[str, Flags]:
    """False where elements of a tensor go; only tensors that lose some."""
    kept = {name: removal.mask(names) for name, names in found.tensors.items()}
    return {
        name: _compact(mask)
        for name, mask in kept.items()
        if mask is not None and found.graph.dtypes.get(name) in MASKABLE
    }


def _compact(mask: Flags) -> Flags:
    """The same mask with a size of 1 along every axis that it does not depend on, whose size may vary."""
    for axis in range(mask.ndim):
        first = mask.take([0], axis)
        if (mask == first).all():
            mask = first
    return mask


def _put_behind(graph: ir.Graph, value: ir.Value, mask: Flags, fill: float, dtype: str) -> None:
    """Let everything that reads a tensor read it masked; before opset 9 by a factor, since there is no Where."""
    node = value.producer()
    assert node is not None
    filled = np.asarray(fill if dtype.startswith("float") else 0, dtype)
    if graph.opset_imports.get("", WHERE) < WHERE:
        factor = _constant(graph, f"{value.name}.mask", np.where(mask, np.asarray(1, dtype), filled))
        chosen = ir.Node("", "Mul", [value, factor], num_outputs=1, name=f"{value.name}.masking")
    else:
        flags, held = _constant(graph, f"{value.name}.mask", mask), _constant(graph, f"{value.name}.fill", filled)
        chosen = ir.Node("", "Where", [flags, value, held], num_outputs=1, name=f"{value.name}.masking")
    chosen.outputs[0].name = f"{value.name}.masked"
    readers = [use for use in value.uses() if use.node is not chosen]
    graph.insert_after(node, chosen)
    for reader, index in readers:
        reader.replace_input_with(index, chosen.outputs[0])
    for place, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[place] = chosen.outputs[0]


def _put_before(graph: ir.Graph, node: ir.Node, inputs: tuple[int, int], mask: Flags, dtype: str) -> None:
    """Let a node read whole numbers that are masked by their zero point; in 32 bits, since a Where has no bytes."""
    name = f"{node.outputs[0].name}.reads{inputs[0]}"

    def put(kind: str, given: Sequence[ir.Value | None], **attributes: int) -> ir.Value:
        settings = [ir.AttrInt64(key, value) for key, value in attributes.items()]
        new = ir.Node("", kind, given, settings, num_outputs=1, name=f"{name}.{len(made)}")
        new.outputs[0].name = f"{name}.{len(made)}"
        graph.insert_before(node, new)
        made.append(new.outputs[0])
        return new.outputs[0]

    made: list[ir.Value] = []
    value, zero = (put("Cast", [node.inputs[index]], to=int(ir.DataType.INT32)) for index in inputs)
    chosen = put("Where", [_constant(graph, f"{name}.mask", mask), value, zero])
    node.replace_input_with(inputs[0], put("Cast", [chosen], to=int(ir.DataType.from_numpy(np.dtype(dtype)))))


def _constant(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    kind = ir.TensorType(ir.DataType.from_numpy(array.dtype))
    made = ir.Value(name=name, shape=ir.Shape(array.shape), type=kind)
    made.const_value = ir.Tensor(np.array(array, order="C"), name=name)
    graph.register_initializer(made)
    return made
