"""How many channels each group loses, and which: the least important first, ties by their order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.channels.channels import Channels, Group
from harness.spec import PruneSpec

Scores = npt.NDArray[np.float64]


def allocate(
    groups: Sequence[Group],
    scores: Mapping[int, Scores],
    spec: PruneSpec,
    widths: Sequence[Mapping[str, int]],
    filters: frozenset[str],
    sizes: Sequence[int] | None = None,
) -> list[int]:
    """Choose the channels to remove.

    Args:
        groups: all groups of the network.
        scores: for each prunable group, by its index, the importance of its channels: float64 (channels,).
        spec: the amount; no group loses all its channels.
        widths: for each group, how many of a maker's own channels go with each of the group's: `Channels.widths`.
        filters: the makers that are convolutions, which `spec.filters` is about.
        sizes: how many channels each group had once, where some went before; the amount is a share of these.

    Returns:
        Root ids of the channels that go.
    """
    before = [len(group.channels) for group in groups] if sizes is None else sizes
    multiples = [multiple_of(spec.round_to, each.values()) for each in widths]
    if spec.global_ranking:
        counts = _global(groups, before, scores, spec, multiples)
    else:
        counts = {
            index: rounded(before[index], count, multiples[index]) - before[index] + len(groups[index].channels)
            for index, count in _local(groups, before, scores, spec, widths, filters).items()
        }
    removed: list[int] = []
    for index, count in counts.items():
        order = np.argsort(scores[index], kind="stable")
        removed += [groups[index].channels[place] for place in order[:count]]
    return removed


def _local(
    groups: Sequence[Group],
    sizes: Sequence[int],
    scores: Mapping[int, Scores],
    spec: PruneSpec,
    widths: Sequence[Mapping[str, int]],
    filters: frozenset[str],
) -> dict[int, int]:
    """The same share, or the same number of filters, of every group; what went before counts."""
    if spec.ratio is not None:
        return {index: math.floor(spec.ratio * sizes[index] + 1e-9) for index in scores}
    counts = {}
    for index in scores:
        convolutions = [maker for maker in groups[index].makers if maker in filters]
        if spec.filters is None or not convolutions:
            continue
        width = max(widths[index][maker] for maker in convolutions)
        if spec.filters >= sizes[index] * width:
            raise PruneError(
                f"filters = {spec.filters} leaves nothing of '{groups[index].makers[0]}', which has "
                f"{sizes[index] * width} to choose from; remove fewer"
            )
        counts[index] = spec.filters // width
    return counts


def _global(
    groups: Sequence[Group],
    sizes: Sequence[int],
    scores: Mapping[int, Scores],
    spec: PruneSpec,
    multiples: Sequence[int],
) -> dict[int, int]:
    """The least important of all channels: their scores must be comparable."""
    assert spec.ratio is not None  # PruneSpec sees to it
    owners = np.concatenate([np.full(len(scores[index]), index) for index in scores])
    ranks = np.concatenate(list(scores.values()))
    now = {index: len(groups[index].channels) for index in scores}
    gone = sum(sizes[index] - now[index] for index in scores)
    amount = math.floor(spec.ratio * sum(sizes[index] for index in scores) + 1e-9) - gone
    order = np.argsort(ranks, kind="stable")[: max(0, amount)]
    found = dict(zip(*np.unique(owners[order], return_counts=True), strict=True))
    return {index: rounded(now[index], int(found.get(index, 0)), multiples[index]) for index in scores}


def named(channels: Channels, remove: Mapping[str, Sequence[int]]) -> list[int]:
    """The root ids of channels given by layer and place. What other layers make together with them goes too.

    Raises:
        PruneError: there is no such layer or channel, a channel must stay, or nothing of a layer would be left.
    """
    groups = {root: group for group in channels.groups() for root in group.channels}
    removed: set[int] = set()
    for layer, places in remove.items():
        ids = channels.made.get(layer)
        if ids is None:
            raise PruneError(f"remove: no layer '{layer}' makes channels; use one of {', '.join(channels.made)}")
        if max(places) >= len(ids):
            raise PruneError(f"remove: '{layer}' has no channel {max(places)}; its channels are 0 to {len(ids) - 1}")
        roots = {int(root) for root in channels.find(ids[list(places)])}
        reason = next((groups[root].pinned for root in roots if groups[root].pinned), None)
        if reason is not None:
            raise PruneError(f"remove: channels of '{layer}' must stay: {reason}")
        removed |= roots
    emptied = next((group for group in groups.values() if removed.issuperset(group.channels)), None)
    if emptied is not None:
        raise PruneError(f"remove: nothing of '{emptied.makers[0]}' would be left; remove fewer of its channels")
    return sorted(removed)


def multiple_of(channels: int, widths: Iterable[int]) -> int:
    """Of how many a group must keep multiples, for its makers, of these widths, to keep multiples of `channels`."""
    return math.lcm(*(channels // math.gcd(channels, width) for width in widths))


def rounded(size: int, count: int, multiple: int) -> int:
    """How many of `size` channels go when `count` should: at least one stays, and a multiple where that is possible."""
    kept = max(1, size - count)
    return size - min(size, math.ceil(kept / multiple) * multiple)
