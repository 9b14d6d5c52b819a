"""Convolutions: plain, grouped, depthwise, transposed, and of whole numbers."""

from __future__ import annotations

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, spread
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("Conv", "ConvInteger")
def convolution(site: Site) -> Names | list[Names]:
    """Reads the channels of its input and makes new ones; a depthwise one passes them on."""
    if not site.is_constant(1):
        return site.pin_all(f"'{site.path}' has a kernel that is computed")
    ids = site.read(site.names[0], 1)
    groups = int(site.attribute("group", 1))
    if groups > 1 and groups == len(ids) and (ids != NO_CHANNEL).all():
        return _depthwise(site, ids)
    made = site.create(site.out_shape[1], 1)
    filters = along(made, 1)
    if groups == 1:
        site.weight(1, {0: filters, 1: ids}, makes=0)
    else:
        _grouped(site, ids, filters, groups)
    _finished(site, filters)
    return made


def _finished(site: Site, filters: Names) -> None:
    """The bias, or the zero points of whole numbers."""
    if site.node.op_type == "ConvInteger":
        held = site.value(3)
        if held is not None and held.size > 1:
            site.weight(3, {0: filters}, role="other")
    else:
        site.weight(2, {0: filters}, role="offset")


def _depthwise(site: Site, ids: Names) -> Names:
    """Passes each channel on, once or several times."""
    repeated = np.repeat(ids, site.out_shape[1] // len(ids))
    site.weight(1, {0: repeated}, makes=0)
    _finished(site, repeated)
    site.setting("group", lambda removal: int(removal.kept(ids).sum()))
    return spread(repeated, site.out_shape, 1)


def _grouped(site: Site, ids: Names, filters: Names, groups: int) -> None:
    """Keep every group equally wide: the channels at the same place of each group go together."""
    rows, columns = ids.reshape(groups, -1), filters.reshape(groups, -1)
    reason = f"'{site.path}' convolves it in groups beside one that must stay"
    site.unify(rows[:1], rows, reason)
    site.unify(columns[:1], columns, reason)
    site.weight(1, {0: filters, 1: rows[0]}, makes=0)


@onnx_rule("ConvTranspose")
def transposed(site: Site) -> Names | list[Names]:
    """Like a convolution, with the kernel's first two axes exchanged."""
    if not site.is_constant(1):
        return site.pin_all(f"'{site.path}' has a kernel that is computed")
    ids = site.read(site.names[0], 1)
    groups = int(site.attribute("group", 1))
    if groups > 1 and groups == len(ids) == site.out_shape[1] and (ids != NO_CHANNEL).all():
        site.weight(1, {0: ids}, makes=0)
        site.weight(2, {0: ids}, role="offset")
        site.setting("group", lambda removal: int(removal.kept(ids).sum()))
        return spread(ids, site.out_shape, 1)
    made = site.create(site.out_shape[1], 1)
    filters = along(made, 1)
    rows, columns = ids.reshape(groups, -1), filters.reshape(groups, -1)
    reason = f"'{site.path}' convolves it in groups beside one that must stay"
    site.unify(rows[:1], rows, reason)
    site.unify(columns[:1], columns, reason)
    site.weight(1, {0: ids, 1: columns[0]}, makes=1)
    site.weight(2, {0: filters}, role="offset")
    return made
