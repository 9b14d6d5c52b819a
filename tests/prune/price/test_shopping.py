"""Prices are those that the model predicts; what is bought is within the limits, however many groups meet."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measure.latency.model import LatencyModel
from harness.prune.price import shopping
from harness.prune.price.market import is_linear, market
from harness.prune.price.offers import Offers, offers
from tests.measure.latency.tables import FULL, table, true_whole
from tests.prune.price.test_offers import groups, scores

pytestmark = pytest.mark.without_tensorflow


@pytest.fixture(scope="module")
def model() -> LatencyModel:
    return LatencyModel(table(), 1)


@pytest.fixture(scope="module")
def on_offer(model: LatencyModel) -> Offers:
    return offers([model], groups(), scores())


def test_what_the_market_charges_is_what_the_model_predicts(model: LatencyModel, on_offer: Offers) -> None:
    goods = market([model], on_offer, [0.5])
    spent = goods.spend()
    widths = on_offer.chosen(spent.choice)
    assert spent.cost[0] == np.float64(goods.cost(spent.choice)[0])
    assert spent.cost[0] == pytest.approx(float(model.ratios(widths)[0]) / 0.5, abs=1e-9)
    assert true_whole(widths) / true_whole(FULL) < 0.55


def test_linear_prices_are_true_for_every_change_of_one_width(model: LatencyModel, on_offer: Offers) -> None:
    around = on_offer.chosen((2, 1, 3))
    goods = market([model], on_offer, [0.5], around, together=1)
    for group in range(3):
        for place in range(len(on_offer.widths[group])):
            choice = [2, 1, 3]
            choice[group] = place
            predicted = float(model.ratios(on_offer.chosen(choice))[0]) / 0.5
            assert goods.cost(choice)[0] == pytest.approx(predicted, abs=1e-9)


@pytest.mark.parametrize("limit", [0.8, 0.5, 0.3])
def test_by_linear_prices_the_choice_is_within_the_limit_and_near_the_best(
    model: LatencyModel, on_offer: Offers, monkeypatch: pytest.MonkeyPatch, limit: float
) -> None:
    exact = shopping.choose([model], on_offer, [limit])
    monkeypatch.setattr(shopping, "TOGETHER", (1,))
    assert is_linear([model], on_offer, 1)
    linear = shopping.choose([model], on_offer, [limit])
    assert exact is not None
    assert linear is not None
    assert float(model.ratios(on_offer.chosen(linear.choice))[0]) <= limit
    assert linear.least == 0
    assert exact.loss <= linear.loss <= 1.15 * exact.loss


def test_the_fastest_is_the_same_by_linear_prices(
    model: LatencyModel, on_offer: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = shopping.fastest([model], on_offer)
    monkeypatch.setattr(shopping, "TOGETHER", (1,))
    assert shopping.fastest([model], on_offer) == exact


def test_what_is_a_little_too_dear_is_the_fastest_and_what_is_far_too_dear_is_none(
    model: LatencyModel, on_offer: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = float(model.ratios(shopping.fastest([model], on_offer))[0])
    for together in (shopping.TOGETHER, (1,)):
        monkeypatch.setattr(shopping, "TOGETHER", together)
        nearly = shopping.choose([model], on_offer, [least / 1.1])
        assert nearly is not None
        assert on_offer.chosen(nearly.choice) == shopping.fastest([model], on_offer)
        assert shopping.choose([model], on_offer, [least / 2]) is None
