"""The numbers that a kernel of whole numbers stands for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from harness.prune.onnx.graph.graph import Array, constant

# Which input is the kernel, where its scale and its zero point are, and the axis of these where there are several.
KERNELS: Mapping[str, tuple[int, int | None, int, int]] = {
    "ConvInteger": (1, None, 3, 0),
    "DequantizeLinear": (0, 1, 2, 1),
    "MatMulInteger": (1, None, 3, -1),
    "QGemm": (3, 4, 5, -1),
    "QLinearConv": (3, 4, 5, 0),
    "QLinearMatMul": (3, 4, 5, -1),
}


def dequantized(node: ir.Node, index: int) -> Array | None:
    """What the constant that a node reads stands for, float64, of the same shape; None where it reads none.

    Scales that are computed are left out.
    """
    held = constant(node.inputs[index])
    if held is None:
        return None
    numbers = np.asarray(held, np.float64)
    kernel, scale, point, axis = KERNELS.get(node.op_type, (-1, None, -1, 0))
    if index != kernel:
        return numbers
    axis = _setting(node, "axis", axis)
    if node.op_type == "QGemm" and _setting(node, "transB", 0):
        axis = 0
    offset, factor = (_stretched(node, place, numbers, axis) for place in (point, scale))
    return (numbers - (0 if offset is None else offset)) * (1 if factor is None else factor)


def _setting(node: ir.Node, name: str, default: int) -> int:
    return node.attributes[name].as_int() if name in node.attributes else default


def _stretched(node: ir.Node, index: int | None, numbers: Array, axis: int) -> Array | None:
    """The constant in an input, lined up with the kernel: one number, or one for each place or block of an axis."""
    held = constant(node.inputs[index]) if index is not None and index < len(node.inputs) else None
    if held is None:
        return None
    values = np.asarray(held, np.float64)
    if values.size == 1:
        return values.reshape(())
    if values.ndim == 1:
        shape = [1] * numbers.ndim
        shape[axis] = -1
        return values.reshape(shape)
    block = _setting(node, "block_size", 0)
    return np.repeat(values, block, axis).take(np.arange(numbers.shape[axis]), axis) if block else values
