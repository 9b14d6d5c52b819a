"""Parameters and multiply-accumulates (MACs) by layer, from the shapes that Keras knows."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from harness.prune.graph import Call, Graph, Shape, weights_of
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

    Counted are convolutions, Dense, EinsumDense, Dot and matrix products. Biases, activations and normalisation are
    not, as is the custom.
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
    return 0


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
