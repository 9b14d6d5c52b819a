"""Multiply-accumulates of raw `keras.ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.prune.keras_graph.cost.products import einsum_product, product
from harness.prune.keras_graph.graph import Call, Graph, Ref, Shape

_PRODUCTS = ("Dot", "Einsum", "Matmul", "Tensordot")
# Operations that multiply and add up, or run what can't be seen, and aren't counted.
_UNKNOWN = {
    *("Conv", "ConvTranspose", "DepthwiseConv", "DotProductAttention", "SeparableConv"),
    *("CDist", "Convolve", "Corrcoef", "Correlate", "Inner", "Kron", "Vdot"),
    *("Cholesky", "CholeskyInverse", "Det", "Eig", "Eigh", "Inv", "Logdet", "Lstsq", "LuFactor", "MatrixRank", "Pinv"),
    *("Qr", "SVD", "Slogdet", "Solve", "SolveTriangular"),
    *("FFT", "FFT2", "IFFT2", "IRFFT", "ISTFT", "RFFT", "STFT"),
    *("AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch", "VectorizedMap", "WhileLoop"),
}


def operation_macs(graph: Graph, call: Call, out: Shape) -> int | None:
    """The output's size times the number of products that are added up in each element; None where unknown."""
    name = type(call.op).__name__
    if name not in _PRODUCTS:
        return None if name in _UNKNOWN else 0
    operands = [_operand(graph, value) for value in call.args]
    if name == "Einsum":
        return einsum_product(call.op.subscripts, operands)
    if not all(operands):
        return 0  # a number times a tensor
    axes = call.op.axes if name == "Tensordot" else 1
    added = range(-axes, 0) if isinstance(axes, int) else np.atleast_1d(axes[0])
    return product((*out[1:], *(operands[0][axis] for axis in added)))


def _operand(graph: Graph, value: Any) -> Shape:
    """The shape of one example of a tensor, or of a constant."""
    return (1, *graph.shapes[value.index][1:]) if isinstance(value, Ref) else tuple(np.shape(value))
