"""Where a graph goes from float to 8-bit numbers and back, in the graph that onnxruntime made of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"


def quantized(proto: onnx.ModelProto) -> bool:
    """Whether a file holds quantizations, which onnxruntime may or may not make into 8-bit kernels."""
    return any(node.op_type in (QUANTIZE, DEQUANTIZE) for node in proto.graph.node)


def conversions(optimized: Path) -> tuple[tuple[str, str, str, str], ...]:
    """Each Quantize and Dequantize that is left: its name, its operator, what makes its input, and what reads it.

    The last two are written as `'name' (operator)`, or `input`, `output`. Those of constants, which run once, are left
    out. None where the file can't be read.
    """
    import onnx

    try:
        graph = onnx.load(optimized, load_external_data=False).graph
    except Exception:  # it was not written, or holds what onnx does not know
        return ()
    makers = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type in (QUANTIZE, DEQUANTIZE) and node.input[0] not in constants:
            readers = [each for each in graph.node if node.output[0] in each.input]
            after = ", ".join(_named(each) for each in readers) or "output"
            before = makers.get(node.input[0])
            found.append((node.name or node.output[0], node.op_type, _named(before) if before else "input", after))
    return tuple(found)


def _named(node: onnx.NodeProto) -> str:
    return f"'{node.name or node.output[0]}' ({node.op_type})"
