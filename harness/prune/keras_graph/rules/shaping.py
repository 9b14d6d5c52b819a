"""Layers that only move elements: NumPy moves the names in the same way."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, nameless, spread, varying_axes
from harness.channels.removal import Removal
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site

L = keras.layers


@rule(L.Flatten)
def flatten(site: Site) -> Names:
    """One row; channels-first input is flattened as if channels were last, as Keras does."""
    names = site.names[0]
    if site.op.data_format == "channels_first" and names.ndim > 1:
        return reshaped(site, np.moveaxis(names, 1, -1), unknown=None in site.shapes[0][1:])
    return reshaped(site, names, unknown=None in site.shapes[0][1:])


@rule(L.Reshape)
def reshape(site: Site) -> Names:
    """Names move as elements do; the target shrinks along the axis that loses channels."""
    names = reshaped(site, site.names[0], unknown=None in site.shapes[0][1:])
    shrink_target(site, names, "target_shape", tuple(site.op.target_shape), first=1)
    return names


def reshaped(site: Site, names: Names, *, unknown: bool) -> Names:
    """Names in the shape of the site's output.

    With an axis of unknown size, elements are followed only where channels come last before and after.
    """
    shape = site.out_shape
    if not unknown:
        return names.reshape(shape) if names.size == np.prod(shape) else pinned(site)
    axes = varying_axes(site.find(names))
    if not axes:
        single = names.reshape(-1)[:1] if names.size else nameless((1,))
        site.pin(single, f"'{site.call.path}' reshapes axes of unknown size")
        return nameless(shape)
    ids = along(names, -1)
    if axes != (names.ndim - 1,) or shape[-1] % len(ids):
        return pinned(site)
    return spread(np.tile(ids, shape[-1] // len(ids)), shape, -1)


def pinned(site: Site) -> Names:
    """Elements can't be followed through this reshape."""
    return site.pin_all(f"'{site.call.path}' reshapes axes of unknown size")[0]


def shrink_target(site: Site, names: Names, key: str, target: Sequence[int | None], first: int) -> None:
    """The configuration's target shape follows the names; `first` is the axis that its first entry describes.

    Where the layer is shared, the names of all its calls are unified along the axes whose size the target states.
    """
    names = site.boxed(names)
    stated = {axis + first for axis, size in enumerate(target) if size not in (None, -1)}
    axes = varying_axes(names)
    if not stated.issuperset(axes):
        names, axes = nameless(names.shape), ()
    names = names[tuple(slice(None) if axis in stated else slice(0, 1) for axis in range(names.ndim))]

    def shrunk(removal: Removal) -> dict[str, list[int | None]]:
        shape = removal.shape(names)
        return {key: [shape[axis + first] if axis + first in axes else size for axis, size in enumerate(target)]}

    site.config(shrunk, names, key)


@rule(L.Permute)
def permute(site: Site) -> Names:
    """Axes change places; dims count from 1, behind the batch axis."""
    return site.names[0].transpose(0, *site.op.dims)


@rule(L.RepeatVector)
def repeat_vector(site: Site) -> Names:
    """The vector is repeated along a new axis in front of it."""
    return np.broadcast_to(site.names[0][:, None], site.out_shape)


@rule(
    L.Cropping1D, L.Cropping2D, L.Cropping3D, L.UpSampling1D, L.UpSampling2D, L.UpSampling3D, L.Resizing, L.CenterCrop
)  # fmt: skip
def resized(site: Site) -> Names:
    """Spatial axes change their size; channels that lie along one of them are pinned."""
    return carried(site, f"'{site.call.path}' changes the size of the axis along which they lie")


def carried(site: Site, reason: str) -> Names:
    """Names of an output whose axes are the input's, some with another size: channels along those are pinned."""
    names = site.names[0]
    axes = varying_axes(site.find(names))
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    if names.shape[axes[0]] != site.out_shape[axes[0]]:
        return site.pin_all(reason)[0]
    return spread(along(names, axes[0]), site.out_shape, axes[0])


@rule(L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D)
def zero_padding(site: Site) -> Names:
    """A channel's border belongs to the channel; along the channels themselves, padding is no channel."""
    padding = site.op.padding
    pairs = [tuple(padding)] if np.ndim(padding) == 1 else [tuple(pair) for pair in padding]
    first = 2 if getattr(site.op, "data_format", None) == "channels_first" else 1
    return padded(site, [(0, 0)] * first + pairs)


def padded(site: Site, pairs: Sequence[tuple[int, int]]) -> Names:
    """Names of a padded tensor; `pairs` tell the padding before and after, for the first axes at least."""
    names = site.names[0]
    axes = varying_axes(site.find(names))
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    axis = axes[0]
    pair = pairs[axis] if axis < len(pairs) else (0, 0)
    ids = np.pad(along(names, axis), pair, constant_values=NO_CHANNEL)
    return spread(ids, site.out_shape, axis)
