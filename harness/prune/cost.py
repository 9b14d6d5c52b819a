"""Parameters and multiply-accumulates (MACs) by layer, from the shapes that Keras knows."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from harness.prune.graph import Call, Graph, Ref, Shape, weights_of
from harness.prune.trace import Trace
from harness.records import ChannelPlan, LayerCost, PruneReport

L = keras.layers
_AT_EVERY_OUTPUT = (L.Conv1D, L.Conv2D, L.Conv3D, L.DepthwiseConv1D, L.DepthwiseConv2D)
_AT_EVERY_INPUT = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)


def report(before: Trace, after: Graph, plan: ChannelPlan, pinned: dict[str, str]) -> PruneReport:
    """Compare two networks of the same layers."""
    macs_before, macs_after = macs(before.graph), macs(after)
    layers = []
    for (path, op), (new_path, new_op) in zip(before.graph.layers.items(), after.layers.items(), strict=True):
        layers.append(
            LayerCost(
                layer=path,
                kind=type(op).__name__,
                channels_before=plan.channels.get(path),
                channels_after=len(plan.kept[path]) if path in plan.kept else None,
                parameters_before=parameters(op),
                parameters_after=parameters(new_op),
                macs_before=macs_before[path],
                macs_after=macs_after[new_path],
            )
        )
    return PruneReport(layers=tuple(layers), pinned=pinned)


def parameters(op: Any) -> int:
    """The number of a layer's parameters, trainable or not; 0 for an operation."""
    return sum(math.prod(weight.shape) for weight in weights_of(op))


def macs(graph: Graph) -> dict[str, int | None]:
    """Multiply-accumulates for one example by layer, over all its calls; None where a size is unknown.

    Counted are convolutions, Dense, EinsumDense, Dot, and the matrix products of `keras.ops`. Biases, activations and
    normalisation are not, as is the custom.
    """
    counts: dict[str, int | None] = dict.fromkeys(graph.layers, 0)
    for call in graph.calls:
        before, now = counts[call.path], _macs(graph, call)
        counts[call.path] = None if before is None or now is None else before + now
    return counts


def _macs(graph: Graph, call: Call) -> int | None:
    shapes = [graph.shapes[index] for index in call.inputs]
    out = graph.shapes[call.outputs[0]]
    kind = type(call.op)
    if kind in _AT_EVERY_OUTPUT:
        return _times(_positions(call.op, out), _size(call.op, "kernel"))
    if kind in _AT_EVERY_INPUT:
        return _times(_positions(call.op, shapes[0]), _size(call.op, "kernel"))
    if kind in (L.SeparableConv1D, L.SeparableConv2D):
        return _times(_positions(call.op, out), _size(call.op, "depthwise_kernel") + _size(call.op, "pointwise_kernel"))
    if kind is L.Dense:
        return _times(_product(out[1:-1]), _size(call.op, "kernel"))
    if kind is L.EinsumDense:
        return _einsum(call.op.equation, [(1, *shapes[0][1:]), tuple(call.op.kernel.shape)])
    if kind is L.Dot:
        axes = call.op.axes
        return _times(_product(out[1:]), shapes[0][axes if isinstance(axes, int) else axes[0]])
    if kind.__module__.startswith("keras.src.ops."):
        return _operation(graph, call, out)
    return 0


def _operation(graph: Graph, call: Call, out: Shape) -> int | None:
    """Products of `keras.ops`: the output's size times the number of products that are added up in each element."""
    name = type(call.op).__name__
    if name not in {"Dot", "Einsum", "Matmul", "Tensordot"}:
        return 0
    operands = [_operand(graph, value) for value in call.args]
    if name == "Einsum":
        return _einsum(call.op.subscripts, operands)
    if not all(operands):
        return 0  # a number times a tensor
    axes = call.op.axes if name == "Tensordot" else 1
    added = range(-axes, 0) if isinstance(axes, int) else np.atleast_1d(axes[0])
    return _times(_product(out[1:]), _product(tuple(operands[0][axis] for axis in added)))


def _operand(graph: Graph, value: Any) -> Shape:
    """The shape of one example of a tensor, or of a constant."""
    return (1, *graph.shapes[value.index][1:]) if isinstance(value, Ref) else tuple(np.shape(value))


def _einsum(equation: str, shapes: list[Shape]) -> int | None:
    """The product of all letters' sizes: those of the output, and those that are added up."""
    sizes: dict[str, int | None] = {}
    operands = equation.replace(" ", "").partition("->")[0].split(",")
    for operand, shape in zip(operands, shapes, strict=True):
        left, _, right = operand.partition("...")
        elided = map(str, reversed(range(len(shape) - len(left) - len(right))))
        for letter, size in zip([*left, *elided, *right], shape, strict=True):
            known = sizes.get(letter, 1)
            sizes[letter] = None if size is None or known is None else max(size, known)
    return _product(tuple(sizes.values()))


def _positions(op: Any, shape: Shape) -> int | None:
    """How many places a convolution's output, or input, has."""
    return _product(shape[2:] if op.data_format == "channels_first" else shape[1:-1])


def _size(op: Any, name: str) -> int:
    return next(int(np.prod(weight.shape)) for weight in weights_of(op) if weight.name == name)


def _product(sizes: Shape) -> int | None:
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def _times(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one * other
