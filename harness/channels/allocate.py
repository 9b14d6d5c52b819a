"""How many channels each group loses, and which: the least important first, ties by their order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.channels.channels import Group
from harness.channels.errors import ChannelError

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Amount:
    """How many channels go: the share `ratio` of each group's, from 0 to below 1, or `filters` of each convolution.

    With `global_ranking` it is that share of the channels of all groups together. What is left of each maker is rounded
    up to a multiple of `round_to` where that is possible.
    """

    ratio: float | None = None
    filters: int | None = None
    round_to: int = 1
    global_ranking: bool = False

    def __post_init__(self) -> None:
        if (self.ratio is None) == (self.filters is None):
            raise ChannelError("give exactly one of ratio and filters")
        if self.global_ranking and self.ratio is None:
            raise ChannelError("global_ranking needs a ratio; leave out filters")


def allocate(
    groups: Sequence[Group],
    scores: Mapping[int, Scores],
    amount: Amount,
    widths: Sequence[Mapping[str, int]],
    convolutions: frozenset[str],
    sizes: Sequence[int] | None = None,
) -> list[int]:
    """Choose the channels to remove.

    Args:
        groups: all groups of the network.
        scores: for each prunable group, by its index, the importance of its channels: float64 (channels,).
        amount: how many go; no group loses all its channels.
        widths: for each group, how many of a maker's own channels go with each of the group's: `Channels.widths`.
        convolutions: the makers that `amount.filters` is about.
        sizes: how many channels each group had once, where some went before; the amount is a share of these.

    Returns:
        Root ids of the channels that go.

    Raises:
        ChannelError: so many filters would leave nothing of a convolution.
    """
    before = [len(group.channels) for group in groups] if sizes is None else sizes
    multiples = [multiple_of(amount.round_to, each.values()) for each in widths]
    if amount.global_ranking:
        counts = _global(groups, before, scores, amount, multiples)
    else:
        counts = {
            index: rounded(before[index], count, multiples[index]) - before[index] + len(groups[index].channels)
            for index, count in _local(groups, before, scores, amount, widths, convolutions).items()
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
    amount: Amount,
    widths: Sequence[Mapping[str, int]],
    convolutions: frozenset[str],
) -> dict[int, int]:
    """The same share, or the same number of filters, of every group; what went before counts."""
    if amount.ratio is not None:
        return {index: math.floor(amount.ratio * sizes[index] + 1e-9) for index in scores}
    counts = {}
    for index in scores:
        makers = [maker for maker in groups[index].makers if maker in convolutions]
        if amount.filters is None or not makers:
            continue
        width = max(widths[index][maker] for maker in makers)
        if amount.filters >= sizes[index] * width:
            raise ChannelError(
                f"filters = {amount.filters} leaves nothing of '{groups[index].makers[0]}', which has "
                f"{sizes[index] * width} to choose from; remove fewer"
            )
        counts[index] = amount.filters // width
    return counts


def _global(
    groups: Sequence[Group],
    sizes: Sequence[int],
    scores: Mapping[int, Scores],
    amount: Amount,
    multiples: Sequence[int],
) -> dict[int, int]:
    """The least important of all channels: their scores must be comparable."""
    assert amount.ratio is not None  # Amount sees to it
    owners = np.concatenate([np.full(len(scores[index]), index) for index in scores])
    ranks = np.concatenate(list(scores.values()))
    now = {index: len(groups[index].channels) for index in scores}
    gone = sum(sizes[index] - now[index] for index in scores)
    wanted = math.floor(amount.ratio * sum(sizes[index] for index in scores) + 1e-9) - gone
    order = np.argsort(ranks, kind="stable")[: max(0, wanted)]
    found = dict(zip(*np.unique(owners[order], return_counts=True), strict=True))
    return {index: rounded(now[index], int(found.get(index, 0)), multiples[index]) for index in scores}


def multiple_of(channels: int, widths: Iterable[int]) -> int:
    """Of how many a group must keep multiples, for its makers, of these widths, to keep multiples of `channels`."""
    return math.lcm(*(channels // math.gcd(channels, width) for width in widths))


def rounded(size: int, count: int, multiple: int) -> int:
    """How many of `size` channels go when `count` should: at least one stays, and a multiple where that is possible."""
    kept = max(1, size - count)
    return size - min(size, math.ceil(kept / multiple) * multiple)
