"""Operators that reduce axes: a sum is the same without zeros, whatever else mixes channels pins them."""

from __future__ import annotations

import numpy as np

from harness.channels.names import Names, nameless
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site, known

SUMS = ("ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceL2")


@onnx_rule("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSum", "ReduceLogSumExp", *SUMS)
def reduction(site: Site) -> Names | list[Names]:
    """Names pass along the axes that are left."""
    names = site.names[0]
    axes = site.integers(1, "axes")
    if axes is None and site.has(1):
        return site.pin_all(f"'{site.path}' computes its axes")
    if not axes:
        if site.attribute("noop_with_empty_axes", 0):
            return names
        axes = list(range(names.ndim))
    gone = {axis % names.ndim for axis in axes}
    if gone & set(site.varying(names)):
        if site.node.op_type not in SUMS:
            site.pin(names, f"'{site.path}' reduces over its channels")
        return nameless(site.out_shape)
    left = names[tuple(slice(0, 1) if axis in gone else slice(None) for axis in range(names.ndim))]
    return left.reshape(site.out_shape)


@onnx_rule("ArgMax", "ArgMin", "TopK", "CumSum")
def ranked(site: Site) -> list[Names]:
    """Ranks or adds up along one axis; channels there are pinned."""
    names = site.names[0]
    default = -1 if site.node.op_type == "TopK" else 0
    if site.node.op_type == "CumSum":
        place = site.value(1)
        axis = None if place is None else int(place.ravel()[0])
    else:
        axis = int(site.attribute("axis", default))
    if (
        axis is None
        or axis % names.ndim in site.varying(names)
        or any(s != site.out_shapes[0] for s in site.out_shapes)
    ):
        return site.pin_all(f"'{site.path}' ranks its channels")
    if site.node.op_type == "CumSum":
        return [names]
    first = names[tuple(slice(0, 1) if each == axis % names.ndim else slice(None) for each in range(names.ndim))]
    return [_like(first, known(shape), axis % names.ndim) for shape in site.out_shapes]


def _like(first: Names, shape: tuple[int, ...], axis: int) -> Names:
    """Names of an output that keeps the reduced axis, in any length, or not."""
    return np.broadcast_to(first, shape) if len(shape) == first.ndim else np.squeeze(first, axis)
