"""Layers that work on each element alone, and so leave its name as it is."""

from __future__ import annotations

import keras

from harness.channels.names import Names, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import activated, normalized_along
from harness.prune.keras_graph.site import Site

L = keras.layers


@rule(
    L.ReLU, L.LeakyReLU, L.ELU, L.Identity, L.SpatialDropout1D, L.SpatialDropout2D, L.SpatialDropout3D,
    L.GaussianDropout, L.GaussianNoise, L.ActivityRegularization,
)  # fmt: skip
def elementwise(site: Site) -> Names:
    """Names pass."""
    return site.names[0]


@rule(L.Dropout, L.AlphaDropout)
def dropout(site: Site) -> Names:
    """Names pass, unless the shape of the noise states how many channels there are."""
    names = site.names[0]
    for axis, size in enumerate(site.op.noise_shape or ()):
        if size not in (None, 1) and axis in varying_axes(site.find(names)):
            site.pin(names, f"'{site.call.path}' has a noise_shape that counts its channels")
    return names


@rule(L.Activation)
def activation(site: Site) -> Names:
    """Names pass through functions of one element; the others pin what they mix."""
    return activated(site, site.names[0], site.op.activation)


@rule(L.Softmax)
def softmax(site: Site) -> Names:
    """Mixes what lies along its axis."""
    axis = site.op.axis
    axes = tuple(axis) if isinstance(axis, list | tuple) else (axis,)
    return normalized_along(site, site.names[0], axes, f"'{site.call.path}' normalises over its channels")


@rule(L.PReLU)
def prelu(site: Site) -> Names:
    """Names pass; its slopes are named like the tensor, except along the axes that share them."""
    names = site.names[0]
    shared = site.op.shared_axes or []
    axes = {axis - 1: site.channels(names, axis) for axis in range(1, names.ndim) if axis not in shared}
    site.weight("alpha", axes)
    return names
