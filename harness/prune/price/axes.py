"""The lengths that the tensors of a network can have, as functions of how many channels its groups keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness.base.errors import PruneError
from harness.channels.names import NO_CHANNEL, Names, along, varying_axes
from harness.measure.latency.designs import NARROWEST
from harness.measure.latency.template import Axis, Widths, signature
from harness.prune.keras_graph.trace import Trace

DRAWS = 200
MOST_FILES = 3


def axes(trace: Trace) -> list[Axis]:
    """Every different length along an axis of a weight or a tensor that changes with the widths.

    The groups are numbered as `Channels.groups` gives them; a width is how many root channels a group keeps.
    """
    groups = trace.channels.groups()
    owner = np.full(trace.channels.count + 1, NO_CHANNEL)
    for number, group in enumerate(groups):
        if group.pinned is None:
            owner[list(group.channels)] = number
    found: dict[Axis, None] = {}
    seen: set[bytes] = set()
    for ids in _lines(trace):
        roots = trace.channels.find(ids)
        if roots.tobytes() not in seen:
            seen.add(roots.tobytes())
            owners, counts = np.unique(owner[roots], return_counts=True)
            each = {int(o): int(c) for o, c in zip(owners, counts, strict=True)}
            fixed = each.pop(NO_CHANNEL, 0)
            sizes = {number: len(groups[number].channels) for number in each}
            if all(count % sizes[number] == 0 for number, count in each.items()):
                found[Axis(fixed, tuple((number, count // sizes[number]) for number, count in each.items()))] = None
    return [axis for axis in found if axis.each]


def _lines(trace: Trace) -> Iterator[Names]:
    """The ids along each axis of each weight and tensor."""
    for layer in trace.layers.values():
        for weight in layer.weights.values():
            yield from weight.axes.values()
    for names in trace.tensors.values():
        for axis in varying_axes(names):
            yield along(names, axis)


def telling_widths(all_axes: Sequence[Axis], full: Widths, free: Sequence[int], seed: int = 0) -> list[list[int]]:
    """Widths at which no two axes are alike, that is as few lists of them as do.

    Raises:
        PruneError: no such widths were found.
    """
    rng = np.random.default_rng(seed)
    tries: list[list[int]] = []
    while len(tries) < MOST_FILES:
        drawn = [_draw(full, free, rng) for _ in range(DRAWS)]
        best = max(drawn, key=lambda widths: _told_apart(all_axes, full, [*tries, widths]))
        tries.append(best)
        if _told_apart(all_axes, full, tries) == len(all_axes):
            return tries
    raise PruneError("this network has too many layers of equal and few channels to tell them apart in its ONNX file")


def _draw(full: Widths, free: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Widths from half to just below full, of groups of equal sizes as different as can be."""
    widths = list(full)
    pools: dict[int, list[int]] = {}
    for group in rng.permutation(np.asarray(free)).tolist():
        size = full[group]
        if not pools.get(size):
            pools[size] = rng.permutation(np.arange(max(NARROWEST, size // 2), size)).tolist()
        widths[group] = pools[size].pop()
    return widths


def _told_apart(all_axes: Sequence[Axis], full: Widths, tries: Sequence[Widths]) -> int:
    """How many axes have lengths that no other has, and that change."""
    signatures = [signature(axis, full, tries) for axis in all_axes]
    return len({each for each in signatures if len(set(each)) > 1})
