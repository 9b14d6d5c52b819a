"""Raw `keras.ops` that take parts of a tensor: slices and splits."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.channels.removal import Removal
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site, known


@rule("GetItem")
def get_item(site: Site) -> Names:
    """`x[..., 2:5]`: names are cut as the tensor is; the slice follows the channels that stay."""
    names = site.names[0]
    key = _written_out(site.call.args[1], names.ndim)
    if key is None or key[0] != slice(None):
        return site.pin_all(f"'{site.call.path}' takes a part that can't be followed")[0]
    axes = varying_axes(site.find(names))
    if not axes:
        site.pin(names, f"'{site.call.path}' takes a part of it")
        return nameless(site.out_shape)
    axis = axes[0]
    cut = key[axis]
    if not isinstance(cut, slice) or cut.step not in (None, 1):
        return site.pin_all(f"'{site.call.path}' takes single channels")[0]
    ids = along(names, axis)
    if cut != slice(None):
        site.rearguments(lambda removal, args, kwargs: ((args[0], _shifted(key, axis, ids, removal)), kwargs))
    axis_after = sum(isinstance(each, slice) for each in key[:axis])
    return spread(ids[cut], site.out_shape, axis_after)


def _written_out(key: Any, rank: int) -> list[Any] | None:
    """One slice or integer an axis; None where there is something else, such as a new axis."""
    parts = list(key) if isinstance(key, tuple | list) else [key]
    if not all(isinstance(part, int | slice) or part is Ellipsis for part in parts) or parts.count(Ellipsis) > 1:
        return None
    missing = rank - (len(parts) - parts.count(Ellipsis))
    at = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
    return [*parts[:at], *[slice(None)] * missing, *parts[at + 1 :]]


def _shifted(key: list[Any], axis: int, ids: Names, removal: Removal) -> tuple[Any, ...]:
    """The same slice, counted in channels that stay."""
    start, stop, _ = key[axis].indices(len(ids))
    before = int(removal.kept(ids[:start]).sum())
    inside = int(removal.kept(ids[start:stop]).sum())
    return (*key[:axis], slice(before, before + inside), *key[axis + 1 :])


@rule("Split")
def split(site: Site) -> list[Names]:
    """Names are split as the tensor is; the places to split follow the channels that stay."""
    names = site.names[0]
    axis = site.op.axis % names.ndim
    if axis not in varying_axes(site.find(names)):
        return [np.broadcast_to(names.take([0], axis), known(shape)) for shape in site.out_shapes]
    ids = along(names, axis)
    ends = np.cumsum([shape[axis] for shape in site.out_shapes])[:-1]

    def places(removal: Removal) -> dict[str, list[int]]:
        return {"indices_or_sections": [int(removal.kept(ids[:end]).sum()) for end in ends]}

    site.config(places, ids, "indices_or_sections")
    pieces = np.split(ids, ends)
    return [spread(piece, known(shape), axis) for piece, shape in zip(pieces, site.out_shapes, strict=True)]
