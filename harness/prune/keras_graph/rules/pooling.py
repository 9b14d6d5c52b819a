"""Pooling, local and global: names pass, spatial axes shrink."""

from __future__ import annotations

import keras

from harness.channels.names import Names, along, spread, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.convolution import channel_axis
from harness.prune.keras_graph.site import Site

L = keras.layers


@rule(
    L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D, L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D,
    L.GlobalMaxPooling1D, L.GlobalMaxPooling2D, L.GlobalMaxPooling3D,
    L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D,
    L.AdaptiveMaxPooling1D, L.AdaptiveMaxPooling2D, L.AdaptiveMaxPooling3D,
    L.AdaptiveAveragePooling1D, L.AdaptiveAveragePooling2D, L.AdaptiveAveragePooling3D,
    "MaxPool", "AveragePool", "AdaptiveMaxPool", "AdaptiveAveragePool",
)  # fmt: skip
def pooling(site: Site) -> Names:
    """Pools every channel alone. Channels that lie along an axis that is pooled are pinned."""
    names, axis = site.names[0], channel_axis(site)
    if set(varying_axes(site.find(names))) - {axis % names.ndim}:
        return site.pin_all(f"'{site.call.path}' pools over it")[0]
    ids = along(names, axis)
    return spread(ids, site.out_shape, axis if len(site.out_shape) == names.ndim else -1)
