"""Write what scales and shifts each channel of a feature map as one operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

RANK = 4  # of images: (N, C, H, W)


@dataclass(frozen=True)
class Affine:
    """A Mul and the Add that alone reads it; `data` is what they scale by `scale` and shift by `offset`, (C,) both."""

    add: ir.Node
    data: ir.Value
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]


class FuseScaleAndOffset(ir.passes.InPlacePass):
    """Make a Mul and an Add of one constant for each channel one BatchNormalization, of mean 0 and variance 1.

    So tf2onnx leaves a BatchNormalization that no convolution before it can take up, as in networks that normalise
    first (DenseNet, the ResNets of version 2). ONNX Runtime has no Add by channels for the blocked layout of its
    convolutions, and would reorder the whole feature map before and after; a BatchNormalization and the Relu behind it
    it makes one convolution of that layout.

    Requires: shapes were inferred, constants are initializers.
    Ensures: no Add of constants for the channels of a float32 feature map of rank 4 alone reads a Mul by such.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Replace each pair; modified where there was one."""
        found = list(_pairs(model.graph))
        for pair in found:
            _replace(model.graph, pair)
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where a pair is left."""
        for pair in _pairs(model.graph):
            raise ir.passes.PostconditionError(f"{pair.add.name} still shifts what a Mul has scaled")


def _pairs(graph: ir.Graph) -> Iterator[Affine]:
    for add in graph:
        scaled, offset = _by_channel(add, "Add")
        multiply = None if scaled is None else scaled.producer()
        if scaled is None or multiply is None or scaled.is_graph_output() or len(scaled.uses()) > 1:
            continue
        data, scale = _by_channel(multiply, "Mul")
        if data is not None and scale is not None and offset is not None:
            yield Affine(add, data, scale, offset)


def _by_channel(node: ir.Node, operation: str) -> tuple[ir.Value | None, NDArray[np.float32] | None]:
    """The feature map that a node scales or shifts, and its constants, (C,); None twice where it does neither."""
    if node.op_type == operation and not node.domain:
        for data, other in (node.inputs, reversed(node.inputs)):
            constants = None if data is None else _constants(other, data)
            if constants is not None:
                return data, constants
    return None, None


def _constants(value: ir.Value | None, data: ir.Value) -> NDArray[np.float32] | None:
    """What a value holds, (C,), where it is float32 and has one number for each channel of `data`, (N, C, H, W)."""
    tensor = None if value is None else ir.convenience.get_const_tensor(value)
    if tensor is None or tensor.dtype != ir.DataType.FLOAT or data.shape is None or len(data.shape) != RANK:
        return None
    channels = data.shape[1]
    if tuple(tensor.shape) not in ((1, channels, 1, 1), (channels, 1, 1)):
        return None
    held: NDArray[np.float32] = tensor.numpy().reshape(-1)
    return held


def _replace(graph: ir.Graph, pair: Affine) -> None:
    made = pair.add.outputs[0]
    channels = len(pair.scale)
    held = {
        "scale": pair.scale,
        "B": pair.offset,
        "mean": np.zeros(channels, np.float32),
        "var": np.ones(channels, np.float32),
    }
    weights = [ir.val(f"{made.name}_{name}", const_value=ir.tensor(values)) for name, values in held.items()]
    for weight in weights:
        graph.register_initializer(weight)
    node = ir.node("BatchNormalization", [pair.data, *weights], {"epsilon": 0.0})
    node.outputs[0].name, node.outputs[0].shape, node.outputs[0].type = f"{made.name}_fused", made.shape, made.type
    graph.insert_before(pair.add, node)
    ir.convenience.replace_all_uses_with(made, node.outputs[0], replace_graph_outputs=True)
    graph.remove(pair.add, safe=True)
