"""The original with channels set to zero in every tensor that carries them: a choice behind each, in a copy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from harness.channels.names import Flags
from harness.channels.removal import Removal
from harness.prune.onnx_graph.trace import Trace

MASKABLE = ("float16", "float32", "float64", "int32", "int64")


def masked(found: Trace, removal: Removal, fill: float = 0.0) -> ir.Model:
    """A copy of the traced graph in which channels are `fill` wherever something reads them.

    Whole numbers of eight bits are left: they stand for floats that were masked before.
    """
    model = found.graph.model.clone()
    nodes = {str(node.outputs[0].name): node for node in model.graph}
    for name, mask in masks(found, removal).items():
        value = _value(nodes, name, found)
        if value is not None:
            _put_behind(model.graph, value, mask, fill, found.graph.dtypes[name])
    return model


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


def _value(nodes: Mapping[str, ir.Node], name: str, found: Trace) -> ir.Value | None:
    for node in found.graph.model.graph:
        for place, value in enumerate(node.outputs):
            if value.name == name:
                return nodes[str(node.outputs[0].name)].outputs[place]
    return None


def _put_behind(graph: ir.Graph, value: ir.Value, mask: Flags, fill: float, dtype: str) -> None:
    """Let everything that reads a tensor read it masked."""
    node = value.producer()
    assert node is not None
    flags = _constant(graph, f"{value.name}.mask", mask)
    zero = _constant(graph, f"{value.name}.fill", np.asarray(fill if dtype.startswith("float") else 0, dtype))
    chosen = ir.Node("", "Where", [flags, value, zero], num_outputs=1, name=f"{value.name}.masking")
    chosen.outputs[0].name = f"{value.name}.masked"
    readers = [use for use in value.uses() if use.node is not chosen]
    graph.insert_after(node, chosen)
    for reader, index in readers:
        reader.replace_input_with(index, chosen.outputs[0])
    for place, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[place] = chosen.outputs[0]


def _constant(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    kind = ir.TensorType(ir.DataType.from_numpy(array.dtype))
    made = ir.Value(name=name, shape=ir.Shape(array.shape), type=kind)
    made.const_value = ir.Tensor(np.array(array, order="C"), name=name)
    graph.register_initializer(made)
    return made
