"""Convolutions: plain, grouped, depthwise, transposed, and of whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, spread
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("Conv")
def convolution(site: Site) -> Names | list[Names]:
    """Reads the channels of its input and makes new ones; a depthwise one passes them on."""
    return convolved(site, 1, bias=2)


@onnx_rule("ConvInteger")
def of_whole_numbers(site: Site) -> Names | list[Names]:
    """The same; a zero point for each filter is cut with it."""
    return convolved(site, 1, each=(3,))


def convolved(site: Site, kernel: int, bias: int | None = None, each: Sequence[int] = ()) -> Names | list[Names]:
    """Names of a convolution by input `kernel`; inputs in `each` may hold a number for each filter."""
    if not site.is_constant(kernel):
        return _computed(site)
    ids = site.read(site.names[0], 1)
    groups = int(site.attribute("group", 1))
    if groups > 1 and groups == len(ids) and (ids != NO_CHANNEL).all():
        made = _depthwise(site, kernel, ids)
    else:
        made = site.create(site.out_shape[1], 1)
        _mixing(site, kernel, ids, along(made, 1), groups)
    filters = along(made, 1)
    if bias is not None:
        site.weight(bias, {0: filters}, role="offset")
    for index in each:
        if site.has(index) and site.names[index].size > 1:
            site.weight(index, {0: filters}, role="other")
    return made


def _computed(site: Site) -> list[Names]:
    site.stays("its kernel is computed, or an input of the model")
    return site.pin_all(f"'{site.path}' has a kernel that is computed")


def _depthwise(site: Site, kernel: int, ids: Names) -> Names:
    """Passes each channel on, once or several times."""
    repeated = np.repeat(ids, site.out_shape[1] // len(ids))
    site.weight(kernel, {0: repeated}, makes=0)
    site.setting("group", lambda removal: int(removal.kept(ids).sum()))
    return spread(repeated, site.out_shape, 1)


def _mixing(site: Site, kernel: int, ids: Names, filters: Names, groups: int) -> None:
    """Reads channels and makes others. Groups stay equally wide: those at the same place of each go together."""
    rows, columns = ids.reshape(groups, -1), filters.reshape(groups, -1)
    if groups > 1:
        reason = f"'{site.path}' convolves it in groups beside one that must stay"
        site.unify(rows[:1], rows, reason)
        site.unify(columns[:1], columns, reason)
    site.weight(kernel, {0: filters, 1: rows[0]}, makes=0)


@onnx_rule("ConvTranspose")
def transposed(site: Site) -> Names | list[Names]:
    """Like a convolution, with the kernel's first two axes exchanged."""
    if not site.is_constant(1):
        return _computed(site)
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
