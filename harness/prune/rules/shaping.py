"""Layers that only move elements: NumPy moves the names in the same way."""

from __future__ import annotations

import keras
import numpy as np

from harness.prune.provenance import Names, Removal, varying_axes
from harness.prune.registry import rule
from harness.prune.site import Site

L = keras.layers


@rule(L.Flatten)
def flatten(site: Site) -> Names:
    """One row; channels-first input is flattened as if channels were last, as Keras does."""
    names = site.names[0]
    if site.op.data_format == "channels_first" and names.ndim > 1:
        names = np.moveaxis(names, 1, -1)
    return reshaped(site, names)


@rule(L.Reshape)
def reshape(site: Site) -> Names:
    """Names move as elements do; the target shrinks along the axis that loses channels."""
    names = reshaped(site, site.names[0])
    shrink_target(site, names, "target_shape", tuple(site.op.target_shape), first=1)
    return names


def reshaped(site: Site, names: Names) -> Names:
    """Names in the shape of the site's output. Where unknown sizes hide how elements move, they are pinned."""
    shape = site.out_shape
    if names.size == np.prod(shape):
        return names.reshape(shape)
    return site.pin_all(f"'{site.call.path}' reshapes axes of unknown size")[0]


def shrink_target(site: Site, names: Names, key: str, target: tuple[int, ...], first: int) -> None:
    """The configuration's target shape follows the names; `first` is the axis that its first entry describes."""
    names = site.boxed(names)
    axes = [axis - first for axis in varying_axes(names)]
    if not axes or target[axes[0]] == -1:
        return

    def shrunk(removal: Removal) -> dict[str, list[int]]:
        shape = removal.shape(names)[first:]
        return {key: [shape[i] if i in axes else size for i, size in enumerate(target)]}

    site.config(shrunk, names, key)
