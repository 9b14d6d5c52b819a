"""Which activation functions work on each element alone."""

from __future__ import annotations

from typing import Any

import keras

from harness.channels.names import Names, varying_axes
from harness.prune.keras_graph.site import Site

A = keras.activations
ELEMENTWISE = {
    A.celu, A.elu, A.exponential, A.gelu, A.hard_shrink, A.hard_sigmoid, A.hard_silu, A.hard_tanh, A.leaky_relu,
    A.linear, A.log_sigmoid, A.mish, A.relu, A.relu6, A.selu, A.sigmoid, A.silu, A.soft_shrink, A.softplus, A.softsign,
    A.sparse_plus, A.sparse_sigmoid, A.squareplus, A.tanh, A.tanh_shrink, A.threshold,
}  # fmt: skip
ALONG_LAST_AXIS = {A.softmax, A.log_softmax, A.sparsemax}
LAYERS = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU)


def activated(site: Site, names: Names, activation: Any) -> Names:
    """The names after an activation function; what it mixes is pinned."""
    if activation is None or activation in ELEMENTWISE or type(activation) in LAYERS:
        return names
    name = getattr(activation, "__name__", type(activation).__name__)
    if activation in ALONG_LAST_AXIS:
        return normalized_along(site, names, (-1,), f"'{site.call.path}' normalises over its channels ({name})")
    site.pin(names, f"'{site.call.path}' has an activation that may mix channels ({name})")
    return names


def normalized_along(site: Site, names: Names, axes: tuple[int, ...], reason: str) -> Names:
    """The names after something that mixes the elements along `axes`: pinned if they vary there."""
    if {axis % names.ndim for axis in axes} & set(varying_axes(site.find(names))):
        site.pin(names, reason)
    return names
