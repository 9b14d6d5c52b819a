"""Dense."""

from __future__ import annotations

import keras

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import activated
from harness.prune.keras_graph.site import Site


@rule(keras.layers.Dense)
def dense(site: Site) -> Names:
    """Reads the channels along the last axis, and makes `units` new ones there."""
    names = site.names[0]
    other = [axis for axis in varying_axes(site.find(names)) if axis != names.ndim - 1]
    if other:
        site.stays("the channels of its input lie along another axis than its own")
        units = nameless((site.op.units,))
        site.weight("kernel", {0: nameless((names.shape[-1],)), 1: units})
        site.weight("bias", {0: units})
        return activated(site, spread(along(names, other[0]), site.out_shape, other[0]), site.op.activation)
    made = site.create(site.op.units, -1)
    units = along(made, -1)
    site.weight("kernel", {0: along(names, -1), 1: units}, makes=1)
    site.weight("bias", {0: units})
    site.counted("units", units)
    return activated(site, made, site.op.activation)
