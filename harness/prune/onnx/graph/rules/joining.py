"""Concat and Split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.channels.names import Names, along, nameless, spread
from harness.channels.removal import Removal
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site, known


@onnx_rule("Concat")
def concat(site: Site) -> Names | list[Names]:
    """Names are joined as the tensors are. A constant that is joined along another axis is cut with the others."""
    return joined(site, range(len(site.names)))


def joined(site: Site, indices: Sequence[int]) -> Names | list[Names]:
    """Names of what these inputs are joined to."""
    rank = len(site.out_shape)
    axis = int(site.attribute("axis")) % rank
    varying = {k for index in indices for k in site.varying(site.names[index])}
    for across in varying - {axis}:
        _line_up(site, indices, across)
    parts = [
        _lent(site, index, indices, varying - {axis}) if site.is_constant(index) else site.names[index]
        for index in indices
    ]
    cut = tuple(slice(None) if k in varying or k == axis else slice(0, 1) for k in range(rank))
    made = np.concatenate([part[cut] for part in parts], axis)
    if made.shape[axis] != site.out_shape[axis]:
        return site.pin_all(f"'{site.path}' joins tensors of which one was empty")
    return np.broadcast_to(made, site.out_shape)


def _line_up(site: Site, indices: Sequence[int], axis: int) -> None:
    """Channels along an axis that is not joined are those of all parts that are no constants."""
    parts = [site.names[index] for index in indices if not site.is_constant(index)]
    first = next(names for names in parts if axis in site.varying(names))
    for names in parts:
        site.unify(site.channels(first, axis), site.channels(names, axis), f"'{site.path}' lines it up with no channel")


def _lent(site: Site, index: int, indices: Sequence[int], across: set[int]) -> Names:
    """Names of a constant part: those that the other parts have across the joined axis."""
    shape = site.names[index].shape
    for other in across:
        first = next(site.names[each] for each in indices if other in site.varying(site.names[each]))
        ids = site.channels(first, other)
        site.weight(index, {other: ids}, role="other")
        return spread(ids, shape, other)
    return nameless(shape)


@onnx_rule("Split")
def split(site: Site) -> list[Names]:
    """Names are split as the tensor is; the parts' sizes are stated where channels lie along the axis."""
    names = site.names[0]
    axis = int(site.attribute("axis", 0)) % names.ndim
    shapes = [known(shape) for shape in site.out_shapes]
    if axis not in site.varying(names):
        first = names[tuple(slice(0, 1) if k == axis else slice(None) for k in range(names.ndim))]
        return [np.broadcast_to(first, shape) for shape in shapes]
    if sum(shape[axis] for shape in shapes) != names.shape[axis]:
        return site.pin_all(f"'{site.path}' splits it into parts of which one is empty")
    ids = np.split(along(names, axis), np.cumsum([shape[axis] for shape in shapes])[:-1])
    if site.opset >= 13:
        site.numbers(1, lambda removal: _sizes(removal, ids))
        if site.attribute("num_outputs") is not None:
            site.setting("num_outputs", lambda removal: None)
    else:
        site.setting("split", lambda removal: _sizes(removal, ids))
    return [spread(part, shape, axis) for part, shape in zip(ids, shapes, strict=True)]


def _sizes(removal: Removal, parts: Sequence[Names]) -> list[int]:
    return [int(removal.kept(part).sum()) for part in parts]
