"""How many channels an input has where a file leaves that open, but a convolution reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

AS_THEY_ARE = ("Cast", "Identity", "QuantizeLinear", "DequantizeLinear")  # operators that leave the axes alone


def read_by_convolutions(proto: onnx.ModelProto) -> dict[str, tuple[int, int]]:
    """By the name of an input that a convolution reads: how many axes it has, and how many channels on its second."""
    graph = proto.graph
    kernels = {one.name: tuple(one.dims) for one in graph.initializer}
    kernels |= {
        node.output[0]: tuple(each.t.dims)
        for node in graph.node
        for each in node.attribute
        if node.op_type == "Constant" and each.name == "value"
    }
    makers = {name: node for node in graph.node for name in node.output}
    found = {}
    for node in graph.node:
        if node.op_type != "Conv" or node.domain not in ("", "ai.onnx"):
            continue
        source, weights = (_before(name, makers) for name in node.input[:2])
        kernel = kernels.get(weights, ())
        groups = next((each.i for each in node.attribute if each.name == "group"), 1)
        if len(kernel) > 2:
            found[source] = (len(kernel), kernel[1] * groups)
    return found


def _before(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    """The tensor that a tensor has its axes from."""
    while name in makers and makers[name].op_type in AS_THEY_ARE:
        name = makers[name].input[0]
    return name
