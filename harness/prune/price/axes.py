"""The lengths that the tensors of a network can have, as functions of how many channels its groups keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from harness.base.errors import PruneError
from harness.channels.channels import Channels
from harness.channels.names import NO_CHANNEL, Names
from harness.measure.latency.designs import NARROWEST
from harness.measure.latency.sizes import Axis, Widths
from harness.measure.latency.template import signature

DRAWS = 200
MOST_FILES = 3


class Lengths:
    """How long lines of names are. The groups are numbered as `Channels.groups` gives them; a width is how many root
    channels a group keeps.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        groups = channels.groups()
        self._sizes = [len(group.channels) for group in groups]
        self._owner = np.full(channels.count + 1, NO_CHANNEL)
        for number, group in enumerate(groups):
            if group.pinned is None:
                self._owner[list(group.channels)] = number

    def along(self, ids: Names) -> Axis | None:
        """The length of a line of ids; None where it is no function of the widths."""
        owners, counts = np.unique(self._owner[self._channels.find(ids)], return_counts=True)
        each = {int(o): int(c) for o, c in zip(owners, counts, strict=True)}
        fixed = each.pop(NO_CHANNEL, 0)
        if any(count % self._sizes[number] for number, count in each.items()):
            return None
        return Axis(fixed, tuple((number, count // self._sizes[number]) for number, count in each.items()))


def axes(channels: Channels, lines: Iterable[Names]) -> list[Axis]:
    """Every different length among lines of ids, (n,) each, that changes with the widths."""
    lengths = Lengths(channels)
    found: dict[Axis, None] = {}
    seen: set[bytes] = set()
    for ids in lines:
        roots = channels.find(ids)
        if roots.tobytes() not in seen:
            seen.add(roots.tobytes())
            axis = lengths.along(roots)
            if axis is not None:
                found[axis] = None
    return [axis for axis in found if axis.each]


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
