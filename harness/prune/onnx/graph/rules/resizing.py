"""Operators that stretch or repeat a tensor."""

from __future__ import annotations

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, spread
from harness.prune.onnx.graph.registry import onnx_rule, rule_for
from harness.prune.onnx.graph.rules.elementwise import merge
from harness.prune.onnx.graph.rules.reshaping import target
from harness.prune.onnx.graph.site import Site


@onnx_rule("Resize", "Upsample")
def resize(site: Site) -> Names | list[Names]:
    """Spatial axes change their size; channels that lie along one of them are pinned."""
    names = site.names[0]
    axes = site.varying(names)
    if any(names.shape[axis] != site.out_shape[axis] for axis in axes):
        return site.pin_all(f"'{site.path}' changes the size of the axis along which they lie")
    made = _carried(site, names, axes)
    if site.has(3):
        if site.attribute("axes") is not None and axes and axes[0] in site.attribute("axes"):
            return site.pin_all(f"'{site.path}' states the size of the axis along which they lie")
        if site.attribute("axes") is None:
            target(site, 3, made)
    return made


def _carried(site: Site, names: Names, axes: tuple[int, ...]) -> Names:
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    return spread(along(names, axes[0]), site.out_shape, axes[0])


@onnx_rule("Expand")
def expand(site: Site) -> Names:
    """Stretched over axes of length 1; sizes are stated for the others, too."""
    names = _lent(site) if site.is_constant(0) else site.names[0]
    lined = names.reshape((1,) * (len(site.out_shape) - names.ndim) + names.shape)
    made = np.broadcast_to(_met(site, lined) if (lined == NO_CHANNEL).all() else lined, site.out_shape)
    target(site, 1, made)
    return made


def _met(site: Site, names: Names) -> Names:
    """Names of a tensor without channels: where it is stretched over those of what it is lined up with, theirs."""
    for reader, others in site.beside():
        axes = site.varying(others)
        if rule_for(reader) is merge and axes and others.shape == site.out_shape and names.shape[axes[0]] == 1:
            return spread(along(others, axes[0]), site.out_shape, axes[0])
    return names


def _lent(site: Site) -> Names:
    """Names for the numbers of a constant, one for each channel, that is repeated for each example: a class token."""
    shape = site.names[0].shape
    long = [axis for axis, size in enumerate(shape) if size > 1]
    if len(long) != 1:
        return site.names[0]
    ids = site.lend(shape[long[0]])
    site.weight(0, {long[0]: ids}, role="other")
    return spread(ids, shape, long[0])


@onnx_rule("Tile")
def tile(site: Site) -> Names:
    """Repeated along its axes."""
    names = site.names[0]
    axes = site.varying(names)
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    ids = along(names, axes[0])
    return spread(np.tile(ids, site.out_shape[axes[0]] // len(ids)), site.out_shape, axes[0])
