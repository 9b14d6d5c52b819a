"""Multiply-accumulates of an ONNX graph, counted from the shapes that ONNX's own inference gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.measure.files.shapes import Shape, infer_shapes

if TYPE_CHECKING:
    import onnx

Count = int | None

STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
MICROSOFTS = (  # that are counted though they are onnxruntime's own
    *("DynamicQuantizeLSTM", "QGemm"),
    *("QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool", "QLinearLeakyRelu"),
    *("QLinearMul", "QLinearSigmoid", "QLinearSoftmax"),
)
ESTIMATORS = (
    "LinearClassifier",
    "LinearRegressor",
    "SVMClassifier",
    "SVMRegressor",
    "TreeEnsemble",
    "TreeEnsembleClassifier",
    "TreeEnsembleRegressor",
)
UNCOUNTABLE = (
    *("Attention", "CausalConvWithState", "DFT", "DeformConv", "LinearAttention", "STFT"),
    *("If", "Loop", "Scan", "SequenceMap"),
    *ESTIMATORS,
)


@dataclass(frozen=True)
class Macs:
    """`total` is None where a node's work can't be counted; `uncounted` names those, as `'name' (operator)`."""

    total: int | None
    uncounted: tuple[str, ...]


def count_macs(proto: onnx.ModelProto, inputs: Mapping[str, Sequence[int]]) -> Macs:
    """Multiply-accumulates of one run, with inputs of the shapes given by name.

    A convolution counts one for each output element and each weight that meets it, padding included; a transposed
    one for each input element; a matrix product one for each output element and each element of the row; a recurrent
    layer its weights at every step of the whole length. Whatever else a graph does counts as nothing, as is usual.
    Operators that do multiply but aren't counted here make the total None rather than too small.
    """
    shapes = infer_shapes(proto, inputs)
    total, uncounted = 0, []
    for node in proto.graph.node:
        count = node_macs(node, shapes)
        if count is None:
            uncounted.append(f"'{node.name or node.output[0]}' ({node.op_type})")
        else:
            total += count
    return Macs(None if uncounted else total, tuple(uncounted))


def node_macs(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
    """Multiply-accumulates of one node, with the shapes of its tensors by name; None where they can't be counted."""
    if (node.domain not in STANDARD_DOMAINS and node.op_type not in MICROSOFTS) or node.op_type in UNCOUNTABLE:
        return None
    counter = COUNTERS.get(node.op_type)
    return 0 if counter is None else counter(node, shapes)


def _convolution(weight: int) -> Callable[[onnx.NodeProto, Mapping[str, Shape]], Count]:
    """Batch x output positions x weights; the weight is (out, in / groups, *kernel), whatever the groups."""

    def count(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
        return _positions_times_weight(shapes.get(node.output[0]), shapes.get(node.input[weight]))

    return count


def _transposed_convolution(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
    """Batch x input positions x weights; the weight is (in, out / groups, *kernel)."""
    return _positions_times_weight(shapes.get(node.input[0]), shapes.get(node.input[1]))


def _positions_times_weight(feature_map: Shape | None, weight: Shape | None) -> Count:
    if not feature_map or not weight:
        return None
    return _product((feature_map[0], *feature_map[2:], *weight))


def _matrix_product(left: int) -> Callable[[onnx.NodeProto, Mapping[str, Shape]], Count]:
    """Output elements x the length of the sums, which is the left operand's last axis."""

    def count(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
        output, operand = shapes.get(node.output[0]), shapes.get(node.input[left])
        return None if output is None or not operand else _product((*output, operand[-1]))

    return count


def _gemm(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
    output, left = shapes.get(node.output[0]), shapes.get(node.input[0])
    if not output or not left:
        return None
    transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return _product((*output, left[0] if transposed else left[-1]))


def _recurrent(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
    """Steps x batch x the weights of all directions: (steps, batch, in), (directions, gates x n, in), (..., n)."""
    series, *weights = (shapes.get(name) for name in node.input[:3])
    counts = [_product(shape) if shape else None for shape in (series[:2] if series else None, *weights)]
    steps, kernel, recurrent = counts
    return None if steps is None or kernel is None or recurrent is None else steps * (kernel + recurrent)


def _einsum(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> Count:
    """A product of two tensors: the sizes of all letters multiplied. What reads a single one multiplies nothing.

    With an ellipsis it is not known, nor of more tensors, whose order is for whoever computes them.
    """
    equation = next(each.s.decode() for each in node.attribute if each.name == "equation")
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if len(terms) == 1:
        return 0
    if len(terms) > 2 or "." in equation:
        return None
    sizes: dict[str, int | None] = {}
    for letters, name in zip(terms, node.input, strict=True):
        for letter, size in zip(letters, shapes.get(name, (None,) * len(letters)), strict=True):
            if sizes.get(letter) is None:
                sizes[letter] = size
    return _product(list(sizes.values()))


def _product(sizes: Sequence[int | None]) -> Count:
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


COUNTERS: Mapping[str, Callable[[onnx.NodeProto, Mapping[str, Shape]], Count]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed_convolution,
    "Einsum": _einsum,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "DynamicQuantizeLSTM": _recurrent,
    "RNN": _recurrent,
    "Gemm": _gemm,
    "QGemm": _gemm,
    "MatMul": _matrix_product(0),
    "MatMulInteger": _matrix_product(0),
    "QLinearMatMul": _matrix_product(0),
}
