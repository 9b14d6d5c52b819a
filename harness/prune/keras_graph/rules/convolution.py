"""Convolutions: plain, transposed, grouped, depthwise and separable."""

from __future__ import annotations

import keras
import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, spread
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import activated
from harness.prune.keras_graph.site import Site

L = keras.layers


def channel_axis(site: Site) -> int:
    """The channel axis that the layer's data format says."""
    return 1 if site.op.data_format == "channels_first" else -1


@rule(L.Conv1D, L.Conv2D, L.Conv3D)
def convolution(site: Site) -> Names:
    """Reads the channels of its input and makes `filters` new ones."""
    axis = channel_axis(site)
    ids = site.read(site.names[0], axis)
    made = site.create(site.op.filters, axis)
    filters = along(made, axis)
    if site.op.groups > 1:
        return _grouped(site, ids, made, filters)
    site.weight("kernel", {-2: ids, -1: filters}, makes=-1)
    return _finished(site, made, filters)


def _grouped(site: Site, ids: Names, made: Names, filters: Names) -> Names:
    """Keep every group equally wide: the channels at the same place of each group go together.

    Where groups are a single channel wide, whole groups go instead: the input channel with the filters that read it,
    unless the input has no channels to remove, such as an image.
    """
    groups = site.op.groups
    rows, columns = ids.reshape(groups, -1), filters.reshape(groups, -1)
    reason = f"'{site.call.path}' convolves it in groups beside one that must stay"
    if rows.shape[1] == 1 and (rows != NO_CHANNEL).any():
        site.unify(rows, columns, reason)
        site.weight("kernel", {-1: filters}, makes=-1)
        site.config(lambda removal: {"groups": int(removal.kept(ids).sum())}, ids, "groups")
    else:
        site.unify(rows[:1], rows, reason)
        site.unify(columns[:1], columns, reason)
        site.weight("kernel", {-2: rows[0], -1: filters}, makes=-1)
    return _finished(site, made, filters)


def _finished(site: Site, made: Names, filters: Names) -> Names:
    site.weight("bias", {0: filters})
    site.counted("filters", filters)
    return activated(site, made, site.op.activation)


@rule(L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)
def transposed(site: Site) -> Names:
    """Like a convolution, with the kernel's last two axes exchanged."""
    axis = channel_axis(site)
    made = site.create(site.op.filters, axis)
    filters = along(made, axis)
    site.weight("kernel", {-1: site.read(site.names[0], axis), -2: filters}, makes=-2)
    return _finished(site, made, filters)


@rule(L.DepthwiseConv1D, L.DepthwiseConv2D)
def depthwise(site: Site) -> Names:
    """Passes each channel on, `depth_multiplier` times."""
    axis = channel_axis(site)
    ids = site.read(site.names[0], axis)
    repeated = np.repeat(ids, site.op.depth_multiplier)
    site.weight("kernel", {-2: ids}, makes=-2)
    site.weight("bias", {0: repeated})
    return activated(site, spread(repeated, site.out_shape, axis), site.op.activation)


@rule(L.SeparableConv1D, L.SeparableConv2D)
def separable(site: Site) -> Names:
    """A depthwise convolution, then a pointwise one that makes `filters` new channels."""
    axis = channel_axis(site)
    ids = site.read(site.names[0], axis)
    made = site.create(site.op.filters, axis)
    filters = along(made, axis)
    site.weight("depthwise_kernel", {-2: ids})
    site.weight("pointwise_kernel", {-2: np.repeat(ids, site.op.depth_multiplier), -1: filters}, makes=-1)
    return _finished(site, made, filters)
