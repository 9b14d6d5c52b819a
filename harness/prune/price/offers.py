"""The widths that are worth offering of each group, and what each loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.channels.channels import Group
from harness.measure.latency.designs import LEAST, NARROWEST
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.table import Station

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_OFFERS = 24
MOST_TRIED = 160
STEPS = (16, 8, 4, 2, 1)
CONTEXTS = (1.0, 0.5)  # the others' share, when widths of one group are compared
LARGEST_TABLE = 1_000_000
MOST_TOGETHER = 4  # groups whose widths one table of prices is over; beyond, prices are linear
LEAST_SHARE = 1e-6  # of importance: less than that counts as much


@dataclass(frozen=True)
class Offers:
    """For each free group, by its number: the widths on offer, in increasing order, and what each loses."""

    full: tuple[int, ...]
    widths: Mapping[int, Ints]
    losses: Mapping[int, Array]

    def chosen(self, choice: Sequence[int]) -> list[int]:
        """The widths of all groups, of a choice of one offer for each free group."""
        widths = list(self.full)
        for group, place in zip(self.widths, choice, strict=True):
            widths[group] = int(self.widths[group][place])
        return widths


def offers(
    models: Sequence[LatencyModel], groups: Sequence[Group], scores: Mapping[int, Array], power: int = 2
) -> Offers:
    """What to offer of each group that has scores: no width that a larger one undercuts at every batch size.

    `power` is that of `losses`.
    """
    full = tuple(len(group.channels) for group in groups)
    meeting = (len(groups_of(station) & scores.keys()) for station in models[0].stations)
    together = max((count for count in meeting if count <= MOST_TOGETHER), default=1)
    most = min(MOST_OFFERS, int(LARGEST_TABLE ** (1 / max(together, 1))))
    widths = {group: _thinned(_worthwhile(models, full, group, list(scores)), full[group], most) for group in scores}
    return Offers(full, widths, {group: losses(scores[group], power)[widths[group] - 1] for group in scores})


def groups_of(station: Station) -> set[int]:
    """The groups whose widths a station's cost depends on."""
    return {group for axis in (station.inputs, station.outputs) for group, _ in axis.each}


def losses(scores: Array, power: int = 2) -> Array:
    """What is lost when so many channels are kept, the most important ones: float64 (channels,), 0 for all of them.

    The group's importance times the square of the logarithm of the share of it that is kept. The square, since what
    little goes is made up for by the weights around it, once these are solved again or trained on; the logarithm,
    since what little is left must do all the work.
    """
    kept = np.cumsum(np.sort(np.maximum(scores, 0))[::-1])
    if kept[-1] <= 0:
        return np.zeros(len(scores))
    found: Array = kept[-1] * np.abs(np.log(np.maximum(kept / kept[-1], LEAST_SHARE))) ** power
    return found


def _worthwhile(models: Sequence[LatencyModel], full: Sequence[int], group: int, free: Sequence[int]) -> Ints:
    """The widths that no larger one undercuts, whatever is around them."""
    size = full[group]
    step = -(-size // MOST_TRIED)
    tried = np.unique(
        [*range(max(NARROWEST, int(LEAST * size)), size, step), *range(16, size, max(16, 4 * step)), size]
    )
    bad = np.ones(len(tried), np.bool_)
    for share in CONTEXTS:
        context = np.tile(np.asarray(full, np.int64), (len(tried), 1))
        for other in free:
            context[:, other] = max(1, round(share * full[other] / 16) * 16 if full[other] >= 16 else full[other])
        context[:, group] = tried
        for model in models:
            cost = model.ratios(context)
            cheapest_larger = np.minimum.accumulate(cost[::-1])[::-1]
            bad[:-1] &= cost[:-1] >= cheapest_larger[1:] - 1e-9
            bad[-1] = False
    return np.asarray(tried[~bad], np.int64)


def _thinned(widths: Ints, size: int, most: int) -> Ints:
    """As many of them as can be handled, the multiples of large steps first, and always the largest."""
    chosen: list[int] = [size]
    for step in STEPS:
        these = [int(width) for width in widths if width % step == 0 and width not in chosen]
        room = most - len(chosen)
        if len(these) > room:
            these = [these[place] for place in np.unique(np.linspace(0, len(these) - 1, max(room, 1)).astype(int))]
        chosen += these[: max(room, 0)]
    return np.asarray(sorted(set(chosen)), np.int64)
