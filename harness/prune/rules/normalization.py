"""Layers that normalise: with stored statistics (names pass) or over what they see (what they mix is pinned)."""

from __future__ import annotations

import keras

from harness.prune.provenance import Names
from harness.prune.registry import rule
from harness.prune.site import Site, weights_named

L = keras.layers


@rule(L.BatchNormalization)
def batch_normalization(site: Site) -> Names:
    """Names pass; every weight lies along the layer's axis."""
    names = site.names[0]
    ids = site.channels(names, site.op.axis)
    for name in weights_named(site.op):
        site.weight(name, {0: ids})
    return names
