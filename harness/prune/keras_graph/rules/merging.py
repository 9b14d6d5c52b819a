"""Layers that take several tensors: what they line up is unified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from harness.channels.names import NO_CHANNEL, Names, compact, nameless, varying_axes
from harness.prune.keras_graph.graph import Ref
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site

L = keras.layers


@rule(L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum)
def merge(site: Site) -> Names:
    """Element by element. Keras lines up tensors of fewer axes by new ones behind the batch axis."""
    rank = len(site.out_shape)
    return merged(site, [names.reshape(1, *[1] * (rank - names.ndim), *names.shape[1:]) for names in site.names])


def merged(site: Site, operands: Sequence[Names]) -> Names:
    """Unify the names that meet, element by element; operands of the same rank, broadcast where their size is 1.

    A single channel that is stretched over the channels of another tensor meets all of them: it is pinned, and they
    stay apart.
    """
    shape = site.out_shape
    met = []
    for number, names in enumerate(operands):
        stretched = {axis for axis, size in enumerate(names.shape) if size == 1 and shape[axis] > 1}
        others = [varying_axes(site.find(other)) for i, other in enumerate(operands) if i != number]
        if stretched & {axis for axes in others for axis in axes}:
            site.pin(names, f"'{site.call.path}' stretches it over the channels of another tensor")
        else:
            met.append(names)
    result = nameless((1,) * len(shape))
    for names in met:
        site.unify(met[0], names, f"'{site.call.path}' lines it up with no channel")
        small = compact(names)
        result = np.where(result == NO_CHANNEL, small, result)
    return np.broadcast_to(result, shape)


@rule(L.Concatenate)
def concatenate(site: Site) -> Names:
    """Names are joined as the tensors are."""
    return joined(site, site.names, site.op.axis)


def joined(site: Site, operands: Sequence[Names], axis: int) -> Names:
    """Names of tensors joined along an axis. Names across one of unknown size, and the batch's, are unified."""
    rank = len(site.out_shape)
    axis %= rank
    varying = {k for names in operands for k in varying_axes(site.find(names))}
    cut = tuple(slice(None) if k and (k in varying or k == axis) else slice(0, 1) for k in range(rank))
    parts = [names[cut] for names in operands]
    if axis == 0 or any(shape[axis] is None for shape in site.shapes):
        for names in parts:
            site.unify(parts[0], names, f"'{site.call.path}' lines it up with no channel")
        return np.broadcast_to(parts[0], site.out_shape)
    return np.broadcast_to(np.concatenate(parts, axis), site.out_shape)


def operand(site: Site, value: Any) -> Names:
    """The names of an argument of a raw operation: those of a tensor, or of a constant, which has none."""
    if isinstance(value, Ref):
        return site.names[site.call.inputs.index(value.index)]
    return nameless(tuple(np.shape(value)))
