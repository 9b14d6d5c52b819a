"""The most of what matters for a price: against all choices, on small tables."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.channels.eliminate import Factor, best
from harness.channels.errors import ChannelError, UnaffordableError
from harness.channels.spend import Market, Price, Spent


def random_market(seed: int, groups: int, budgets: int, share: float) -> Market:
    """A ladder of groups, each priced with the next two; a `share` of all choices is within the budgets."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, groups)
    losses = [np.sort(rng.random(size))[::-1] for size in sizes]
    losses = [each - each.min() for each in losses]
    pairs = [(one, two) for one in range(groups) for two in (one + 1, one + 2) if two < groups]
    prices = [Price(pair, rng.random((budgets, *(sizes[each] for each in pair)))) for pair in pairs]
    market = Market(losses, prices, [0.1] * budgets)
    limit = float(np.quantile([market.cost(choice).max() for choice in choices(market)], share))
    return Market(losses, [Price(each.groups, each.cost / limit) for each in prices], [0.1 / limit] * budgets)


def choices(market: Market) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(len(each)) for each in market.losses)))


def optimum(market: Market) -> float:
    return min(market.loss(choice) for choice in choices(market) if (market.cost(choice) <= 1).all())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 2), st.sampled_from([0.2, 0.5, 0.9]))
def test_what_is_spent_is_within_the_budgets_and_the_optimum_is_no_better_than_the_bound(
    seed: int, groups: int, budgets: int, share: float
) -> None:
    market = random_market(seed, groups, budgets, share)
    spent = market.spend()
    assert max(spent.cost) <= 1
    assert spent.cost == pytest.approx(market.cost(spent.choice))
    assert spent.loss == pytest.approx(market.loss(spent.choice))
    assert spent.least <= optimum(market) + 1e-9 <= spent.loss + 2e-9


def test_nearly_all_of_many_small_markets_are_spent_on_to_the_optimum() -> None:
    spent: list[tuple[Spent, float]] = []
    for seed in range(40):
        market = random_market(seed, 4, 1, 0.3)
        spent.append((market.spend(), optimum(market)))
    assert sum(found.loss <= known + 1e-9 for found, known in spent) >= 30


def test_a_cliff_is_stepped_over() -> None:
    """Of three widths the middle one costs more than the largest: it is never taken."""
    market = Market([np.array([1.0, 0.2, 0.0])], [Price((0,), np.array([[0.4, 1.3, 0.9]]))], [0.0])
    assert market.spend().choice == (2,)


def test_every_budget_holds() -> None:
    cost = np.array([[0.2, 0.9], [0.2, 1.1]])
    assert Market([np.array([1.0, 0.0])], [Price((0,), cost)], [0.0, 0.0]).spend().choice == (0,)


def test_what_nothing_can_buy_is_said_and_the_cheapest_is_known() -> None:
    market = Market([np.array([1.0, 0.0])], [Price((0,), np.array([[1.2, 2.0]]))], [0.0])
    with pytest.raises(UnaffordableError):
        market.spend()
    assert market.cheapest() == (0,)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_elimination_finds_what_trying_all_finds(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, count).tolist()
    factors = []
    for _ in range(2 * count):
        variables = tuple(sorted(rng.choice(count, rng.integers(1, min(3, count) + 1), replace=False).tolist()))
        factors.append(Factor(variables, rng.normal(size=[sizes[each] for each in variables])))

    def value(choice: Sequence[int]) -> float:
        return float(sum(each.table[tuple(choice[one] for one in each.variables)] for each in factors))

    choice, least = best(sizes, factors)
    assert least == pytest.approx(value(choice))
    assert least == pytest.approx(min(map(value, itertools.product(*map(range, sizes)))))


def test_too_many_variables_in_one_place_are_refused() -> None:
    sizes = [40] * 6
    with pytest.raises(ChannelError, match="meet in one layer"):
        best(sizes, [Factor(tuple(range(6)), np.zeros([1] * 6))])
