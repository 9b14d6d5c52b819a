"""Slice, Gather and Pad."""

from __future__ import annotations

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, nameless, spread
from harness.channels.removal import Removal
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Numbers, Setting, Site


@onnx_rule("Slice")
def slice_(site: Site) -> Names | list[Names]:
    """A part of an axis; along channels the first and the last are counted anew."""
    names = site.names[0]
    ranges = _ranges(site, names)
    varying = site.varying(names)
    if ranges is None:
        return site.pin_all(f"'{site.path}' computes which part it takes") if varying else _cropped(site, names)
    axis = next((axis for axis in ranges if axis in varying), None)
    if axis is None:
        return _cropped(site, names)
    start, stop, step = slice(*ranges[axis]).indices(names.shape[axis])
    if step != 1:
        return site.pin_all(f"'{site.path}' takes every {step}th")
    ids = along(names, axis)

    def counted(place: int) -> Numbers:
        def change(removal: Removal) -> list[int | None]:
            kept = removal.kept(ids)
            return [int(kept[:place].sum()) if each == axis else None for each in ranges]

        return change

    for index, attribute, place in ((1, "starts", start), (2, "ends", stop)):
        if site.has(1):
            site.numbers(index, counted(place))
        else:
            site.setting(attribute, _settings(site, attribute, counted(place)))
    return spread(ids[start:stop], site.out_shape, axis)


def _settings(site: Site, name: str, change: Numbers) -> Setting:
    """The same for an attribute, as older opsets have it."""
    old = [int(each) for each in site.attribute(name)]

    def changed(removal: Removal) -> list[int]:
        new = change(removal)
        return [was if now is None else now for was, now in zip(old, new, strict=True)]

    return changed


def _ranges(site: Site, names: Names) -> dict[int, tuple[int, int, int]] | None:
    """Start, end and step by axis, in the order of the file; None where they are computed."""
    starts, ends = site.integers(1, "starts"), site.integers(2, "ends")
    if starts is None or ends is None or (site.has(3) and site.integers(3) is None):
        return None
    axes = site.integers(3, "axes") or list(range(len(starts)))
    steps = site.integers(4) or [1] * len(starts)
    return {axis % names.ndim: each for axis, *each in zip(axes, starts, ends, steps, strict=True)}  # type: ignore[misc]


def _cropped(site: Site, names: Names) -> Names | list[Names]:
    """Names of a part along axes where they don't vary."""
    axes = site.varying(names)
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    return spread(along(names, axes[0]), site.out_shape, axes[0])


@onnx_rule("Gather")
def gather(site: Site) -> Names | list[Names]:
    """Constant places of an axis; or rows of a constant, whose columns are new channels."""
    axis = int(site.attribute("axis", 0))
    if site.is_constant(0):
        return _embedding(site, axis)
    names = site.names[0]
    axis %= names.ndim
    varying = site.varying(names)
    rank = site.names[1].ndim
    if axis not in varying:
        if not varying:
            return np.broadcast_to(names.reshape(-1)[:1].reshape((1,) * len(site.out_shape)), site.out_shape)
        to = varying[0] if varying[0] < axis else varying[0] - 1 + rank
        return spread(along(names, varying[0]), site.out_shape, to)
    held = site.value(1)
    if held is None:
        return site.pin_all(f"'{site.path}' computes which it takes")
    ids = along(names, axis)
    places = np.asarray(held, np.int64) % len(ids)
    if rank > 1:
        return site.pin_all(f"'{site.path}' takes them along several axes")

    def moved(removal: Removal) -> list[int]:
        kept = removal.kept(ids)
        position = np.cumsum(kept) - 1
        return [int(position[place]) for place in places.ravel() if kept[place]]

    site.numbers(1, moved)
    if rank == 0:
        site.pin(ids[places], f"'{site.path}' takes this one")
        return np.broadcast_to(ids[places], site.out_shape)
    return spread(ids[places], site.out_shape, axis)


def _embedding(site: Site, axis: int) -> Names | list[Names]:
    """Rows of a constant: each column is a channel, or, by constant places, one that only goes with those it meets."""
    if axis != 0 or site.names[0].ndim != 2:
        return site.pin_all(f"'{site.path}' takes parts of a constant")
    if site.is_constant(1):
        ids = site.lend(site.out_shape[-1])
        site.weight(0, {1: ids}, role="other")
    else:
        ids = site.make(site.out_shape[-1])
        site.weight(0, {1: ids}, makes=1)
    return spread(ids, site.out_shape, len(site.out_shape) - 1)


@onnx_rule("Pad")
def pad(site: Site) -> Names | list[Names]:
    """A channel's border belongs to the channel; along the channels themselves, padding is no channel."""
    names = site.names[0]
    axes = site.varying(names)
    if not axes:
        return np.broadcast_to(names[(slice(0, 1),) * names.ndim], site.out_shape)
    axis = axes[0]
    if names.shape[axis] == site.out_shape[axis]:
        return spread(along(names, axis), site.out_shape, axis)
    pads = site.integers(1, "pads")
    if pads is None or site.has(3) or site.attribute("mode", "constant") != "constant":
        return site.pin_all(f"'{site.path}' pads the axis along which they lie")
    before, after = pads[axis], pads[axis + names.ndim]
    if min(before, after) < 0:
        return site.pin_all(f"'{site.path}' crops the axis along which they lie")
    ids = np.pad(along(names, axis), (before, after), constant_values=NO_CHANNEL)
    return spread(ids, site.out_shape, axis)


@onnx_rule("GatherND")
def gather_nd(site: Site) -> Names | list[Names]:
    """Places along the first axes, wherever they come from; names pass along the others."""
    names, places = site.names
    indexed = int(site.attribute("batch_dims", 0)) + places.shape[-1]
    site.pin(places, f"'{site.path}' takes places that are computed from it")
    if site.is_constant(0) and indexed == 1:
        return _embedding(site, 0)
    axes = site.varying(names)
    if axes and axes[0] < indexed:
        return by_place(site)
    if not axes:
        return np.broadcast_to(names[(0,) * names.ndim], site.out_shape)
    return spread(along(names, axes[0]), site.out_shape, axes[0] - names.ndim)


@onnx_rule("GatherElements", "ScatterND", "ScatterElements", "NonMaxSuppression", "Compress", "Unique")
def by_place(site: Site) -> list[Names]:
    """Reads places that are computed."""
    if any((names != NO_CHANNEL).any() for names in site.names):
        site.stays("it takes places that are computed")
    return [nameless(names.shape) for names in site.pin_all(f"'{site.path}' takes places that are computed")]
