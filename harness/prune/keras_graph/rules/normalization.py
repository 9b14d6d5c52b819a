"""Layers that normalise: with stored statistics (names pass) or over what they see (what they mix is pinned)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from harness.channels.names import Names, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import normalized_along
from harness.prune.keras_graph.site import Site, weights_named

L = keras.layers


@rule(L.BatchNormalization)
def batch_normalization(site: Site) -> Names:
    """Names pass; every weight lies along the layer's axis."""
    names = site.names[0]
    ids = site.channels(names, site.op.axis)
    for name in weights_named(site.op):
        site.weight(name, {0: ids})
    return names


@rule(L.GroupNormalization)
def group_normalization(site: Site) -> Names:
    """Statistics are those of a group of channels, so whole groups go."""
    names = site.names[0]
    ids = site.read(names, site.op.axis)
    rows = ids.reshape(site.op.groups, -1)
    site.unify(rows[:, :1], rows, f"'{site.call.path}' normalises it together with no channel")
    site.weight("gamma", {0: ids})
    site.weight("beta", {0: ids})
    site.counted("groups", rows[:, 0])
    return names


@rule(L.LayerNormalization, L.RMSNormalization, L.UnitNormalization)
def layer_normalization(site: Site) -> Names:
    """Statistics are those of all that lies along its axes: removing a part of it would change the rest."""
    axes = _axes(site.op.axis)
    return normalized_along(site, site.names[0], axes, f"'{site.call.path}' normalises over its channels")


@rule(L.Normalization)
def normalization(site: Site) -> Names:
    """Stored mean and variance, as weights or in the configuration, along at most one axis here."""
    names = site.names[0]
    axes = _axes(site.op.axis)
    if len(axes) > 1:
        return normalized_along(site, names, axes, f"'{site.call.path}' has statistics along several axes")
    if axes:
        ids = site.channels(names, axes[0])
        site.weight("mean", {0: ids})
        site.weight("variance", {0: ids})
        for key in ("mean", "variance"):
            _cut_config(site, key, getattr(site.op, f"input_{key}"), ids)
    return names


@rule(L.Rescaling)
def rescaling(site: Site) -> Names:
    """Names pass; a scale or offset for each channel is cut with them."""
    names = site.names[0]
    per_channel_axis = -3 if keras.config.image_data_format() == "channels_first" else -1
    for key in ("scale", "offset"):
        value = np.asarray(getattr(site.op, key))
        if value.ndim > 1:
            site.pin(names, f"'{site.call.path}' has a {key} along several axes")
        elif value.ndim == 1:
            _cut_config(site, key, value, site.channels(names, per_channel_axis))
    return names


def _cut_config(site: Site, key: str, value: Any, ids: Names) -> None:
    """A list in the configuration with one number for each channel. One number for all is left as it is."""
    numbers = np.asarray(value).reshape(-1) if value is not None else np.zeros(0)
    if len(numbers) == len(ids) and varying_axes(site.find(ids)):
        site.config(lambda removal: {key: numbers[removal.kept(ids)].tolist()}, ids, key)


def _axes(axis: Any) -> tuple[int, ...]:
    if axis is None:
        return ()
    return tuple(axis) if isinstance(axis, list | tuple) else (axis,)
