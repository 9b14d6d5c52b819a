"""Where a graph goes from float to 8-bit numbers and back, in the graph that onnxruntime made of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
# What onnxruntime puts around float kernels of its own layout: what is behind it counts.
LAYOUT = ("ReorderInput", "ReorderOutput")


def quantized(proto: onnx.ModelProto) -> bool:
    """Whether a file holds quantizations, which onnxruntime may or may not make into 8-bit kernels."""
    return any(node.op_type in (QUANTIZE, DEQUANTIZE) for node in proto.graph.node)


def conversions(optimized: Path) -> tuple[tuple[str, str, str, str], ...]:
    """Each Quantize and Dequantize that is left: its name, its operator, what makes its input, and what reads it.

    The last two are written as `'name' (operator)`, or `input`, `output`. Those of constants, which run once, are left
    out; none where the file can't be read.
    """
    import onnx

    try:
        graph = onnx.load(optimized, load_external_data=False).graph
    except Exception:  # it was not written, or holds what onnx does not know
        return ()
    makers = {name: node for node in graph.node for name in node.output}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    constants = {tensor.name for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type in (QUANTIZE, DEQUANTIZE) and node.input[0] not in constants:
            before = _maker(node.input[0], makers)
            after = ", ".join(_named(each) for each in _readers(node.output[0], users)) or "output"
            found.append((_name(node), node.op_type, _named(before) if before is not None else "input", after))
    return tuple(found)


def _maker(name: str, makers: dict[str, onnx.NodeProto]) -> onnx.NodeProto | None:
    node = makers.get(name)
    while node is not None and node.op_type in LAYOUT:
        node = makers.get(node.input[0])
    return node


def _readers(name: str, users: dict[str, list[onnx.NodeProto]]) -> Iterator[onnx.NodeProto]:
    for node in users.get(name, ()):
        if node.op_type in LAYOUT:
            yield from _readers(node.output[0], users)
        else:
            yield node


def _name(node: onnx.NodeProto) -> str:
    return str(node.name or node.output[0])


def _named(node: onnx.NodeProto) -> str:
    return f"'{_name(node)}' ({node.op_type})"
