"""The widths to buy: exact where few groups meet in a layer, by linear prices that are renewed where many do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from harness.channels.errors import ChannelError, UnaffordableError
from harness.channels.spend import Market, Spent
from harness.measure.latency.model import LatencyModel
from harness.prune.price.market import is_linear, market
from harness.prune.price.offers import MOST_TOGETHER, Offers

Array = npt.NDArray[np.float64]

TOGETHER = (MOST_TOGETHER, 2, 1)  # fewer at a time where the tables would be too large
PASSES = 8  # in which linear prices are renewed around what was chosen
TIGHTER = 0.97  # of the limits, once a choice repeats itself and is too dear
FAN = (1.06, 1.03, 1.0, 0.97)  # of the limits: a prediction errs by that
WIDER = (1.09, *FAN)  # where trying more costs little: some predictions err by that, too
NEARLY = 1.15  # widths predicted to cost so much of what is allowed are worth a measurement all the same


def choose(models: Sequence[LatencyModel], on_offer: Offers, limits: Sequence[float]) -> Spent | None:
    """The widths that lose the least within the limits; None where there are none.

    Where only a little is missing, the fastest: the prediction may be wrong by that. `least` is 0, a bound that says
    nothing, where prices are linear.
    """
    for together in TOGETHER:
        try:
            if is_linear(models, on_offer, together):
                return _in_passes(models, on_offer, limits, together)
            return _within(market(models, on_offer, limits, together=together))
        except ChannelError:
            if together == TOGETHER[-1]:
                raise
    raise AssertionError("the last attempt raises")


def fan(
    models: Sequence[LatencyModel], on_offer: Offers, limits: Sequence[float], shares: Sequence[float] = FAN
) -> list[Spent]:
    """The choices for limits a little wider and narrower, each once: what is to be measured side by side."""
    found = (choose(models, on_offer, [share * limit for limit in limits]) for share in shares)
    return list({each.choice: each for each in found if each is not None}.values())


def fastest(models: Sequence[LatencyModel], on_offer: Offers) -> list[int]:
    """The widths of all groups with the least predicted latency."""
    for together in TOGETHER:
        try:
            return on_offer.chosen(_cheapest(models, on_offer, [1.0] * len(models), together))
        except ChannelError:
            if together == TOGETHER[-1]:
                raise
    raise AssertionError("the last attempt raises")


def _within(goods: Market) -> Spent | None:
    try:
        return goods.spend()
    except UnaffordableError:
        return _nearly(goods, goods.cheapest(), goods.cost(goods.cheapest()))


def _nearly(goods: Market, choice: tuple[int, ...], cost: Array) -> Spent | None:
    loss = goods.loss(choice)
    return Spent(choice, loss, tuple(cost.tolist()), loss) if cost.max() <= NEARLY else None


def _in_passes(
    models: Sequence[LatencyModel], on_offer: Offers, limits: Sequence[float], together: int
) -> Spent | None:
    """Choose by prices that are true near the last choice, until it stays; of what is within the limits, the best."""
    around, best, allowed = list(on_offer.full), None, 1.0
    for _ in range(PASSES):
        goods = market(models, on_offer, [allowed * limit for limit in limits], around, together)
        try:
            spent = goods.spend()
        except UnaffordableError:
            choice = goods.cheapest()
            spent = Spent(choice, goods.loss(choice), (), 0.0)
        widths = on_offer.chosen(spent.choice)
        cost = _true_cost(models, widths, limits)
        if cost.max() <= 1 and (best is None or spent.loss < best.loss):
            best = replace(spent, cost=tuple(cost.tolist()), least=0.0)
        if widths == around:
            if cost.max() <= 1:
                break
            allowed *= TIGHTER
        around = widths
    if best is not None:
        return best
    choice = _cheapest(models, on_offer, limits, together)
    cost = _true_cost(models, on_offer.chosen(choice), limits)
    return _nearly(market(models, on_offer, limits, together=together), choice, cost)


def _cheapest(
    models: Sequence[LatencyModel], on_offer: Offers, limits: Sequence[float], together: int
) -> tuple[int, ...]:
    """The choice of the least predicted cost, of those found as linear prices are renewed."""
    around, found = list(on_offer.full), []
    for _ in range(PASSES if is_linear(models, on_offer, together) else 1):
        choice = market(models, on_offer, limits, around, together).cheapest()
        around = on_offer.chosen(choice)
        found.append((float(_true_cost(models, around, limits).max()), choice))
    return min(found)[1]


def _true_cost(models: Sequence[LatencyModel], widths: Sequence[int], limits: Sequence[float]) -> Array:
    """What widths are predicted to cost, as shares of the limits."""
    return np.array([float(model.ratios(widths)[0]) / limit for model, limit in zip(models, limits, strict=True)])
