"""TimeDistributed: what its layer makes of one step, it makes of all."""

from __future__ import annotations

import numpy as np

from harness.channels.names import Names, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site
from harness.prune.keras_graph.steps import EachStep, Together


@rule(EachStep)
def each_step(site: Site) -> Names:
    """The names of one step, which are those of all, unless channels lie along the steps."""
    names = site.names[0]
    if 1 in varying_axes(site.find(names)):
        path = site.call.path.removesuffix(".fold")
        return site.pin_all(f"'{path}' runs on each place of the axis along which they lie")[0]
    return names[:, 0]


@rule(Together)
def together(site: Site) -> Names:
    """Every step has the names of one."""
    return np.broadcast_to(site.names[0][:, None], site.out_shape)
