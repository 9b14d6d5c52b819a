"""What offers cost together: the market that the allocation buys on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.channels.spend import Market, Price
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.sizes import Axis
from harness.measure.latency.table import Station
from harness.prune.price.offers import MOST_TOGETHER, Offers, groups_of

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def market(
    models: Sequence[LatencyModel],
    on_offer: Offers,
    limits: Sequence[float],
    around: Sequence[int] | None = None,
    together: int = MOST_TOGETHER,
) -> Market:
    """Losses and prices of all offers; `limits` are the shares of the original's latency that may be spent.

    A station whose cost depends on more than `together` groups, as behind a concatenation, is priced one group at a
    time, the others as wide as `around` says (None: full): true for what changes a single width there.
    """
    free = list(on_offer.widths)
    widths = np.asarray(on_offer.full if around is None else around, np.int64)
    shares = np.array([model.slope / limit for model, limit in zip(models, limits, strict=True)])
    fixed = np.array([model.rest / limit for model, limit in zip(models, limits, strict=True)])
    prices: dict[tuple[int, ...], Array] = {}
    for number, station in enumerate(models[0].stations):
        places = [place for place, group in enumerate(free) if group in groups_of(station)]
        apart = [[place] for place in places] if len(places) > together else [places]
        now = _costs(models, number, station, on_offer, [], widths) * shares
        for these in apart:
            groups = [free[place] for place in these]
            costs = _costs(models, number, station, on_offer, groups, widths)
            costs = np.moveaxis(np.moveaxis(costs, 0, -1) * shares, -1, 0)
            if len(apart) > 1:
                costs = costs - now[:, None]
            if these:
                prices[tuple(these)] = prices.get(tuple(these), 0) + costs
            else:
                fixed = fixed + costs
        if len(apart) > 1:
            fixed = fixed + now
    return Market(list(on_offer.losses.values()), [Price(*each) for each in prices.items()], fixed.tolist())


def is_linear(models: Sequence[LatencyModel], on_offer: Offers, together: int = MOST_TOGETHER) -> bool:
    """Whether some station is priced one group at a time."""
    return any(len(groups_of(station) & on_offer.widths.keys()) > together for station in models[0].stations)


def _costs(
    models: Sequence[LatencyModel],
    number: int,
    station: Station,
    on_offer: Offers,
    groups: Sequence[int],
    widths: Ints,
) -> Array:
    """Microseconds of a station at every combination of some groups' offers: (models, offers, ...)."""
    reads, makes = (_lengths(axis, on_offer, groups, widths) for axis in (station.inputs, station.outputs))
    pairs = np.stack([reads.ravel(), makes.ravel()], axis=1)
    return np.stack([model.station_us(number, pairs).reshape(reads.shape) for model in models])


def _lengths(axis: Axis, on_offer: Offers, groups: Sequence[int], widths: Ints) -> Ints:
    """An axis's length at every combination of some groups' offers; other groups are as wide as `widths`."""
    grids = np.meshgrid(*(on_offer.widths[group] for group in groups), indexing="ij") if groups else []
    length: Ints = np.full(grids[0].shape if grids else (), axis.fixed, np.int64)
    for group, count in axis.each:
        length = length + count * (grids[groups.index(group)] if group in groups else widths[group])
    return length
