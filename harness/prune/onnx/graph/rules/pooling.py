"""Pooling, local and global: names pass, spatial axes shrink."""

from __future__ import annotations

from harness.channels.names import Names, along, spread
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
def pooling(site: Site) -> list[Names]:
    """Pools every channel alone. Channels that lie along an axis that is pooled are pinned."""
    names = site.names[0]
    if site.others(names, 1):
        return site.pin_all(f"'{site.path}' pools over it")
    if len(site.out_shapes) > 1 and site.node.outputs[1].uses():
        return site.pin_all(f"'{site.path}' tells where in its tensor a maximum was")
    return site.carried(spread(along(names, 1), site.out_shape, 1))


@onnx_rule("GridSample", "RoiAlign", "MaxRoiPool")
def sampled(site: Site) -> Names:
    """Takes every channel alone, at places that its other inputs say."""
    for names in site.names[1:]:
        site.pin(names, f"'{site.path}' takes places from it")
    return spread(site.read(site.names[0], 1), site.out_shape, 1)
