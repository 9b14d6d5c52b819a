"""Of widths that are as fast as asked, it is those that keep the most: by the judge, else by the importance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.base.progress import Silent
from harness.channels.spend import Spent
from harness.measure.latency.model import LatencyModel
from harness.prune.price.offers import offers
from harness.prune.speed.choosing import MOST_JUDGED, chosen
from harness.prune.speed.judge import is_affordable
from harness.prune.speed.search import Search
from harness.prune.speed.trial import Try
from harness.records import ChannelPlan, Reached, Round
from harness.spec import SpeedSpec
from tests.measure.latency.tables import table
from tests.prune.price.test_offers import groups, scores

pytestmark = pytest.mark.without_tensorflow


@dataclass
class Said:
    """A judge that says what was written down, and of which widths it was asked."""

    missed_by: Mapping[int, float | None]
    examples: int = 100
    asked: list[int] = field(default_factory=list)

    def missed(self, plan: ChannelPlan) -> float | None:
        (width,) = (len(kept) for kept in plan.kept.values())
        self.asked.append(width)
        return self.missed_by[width]


def search(judge: Said | None) -> Search:
    models = (LatencyModel(table(), 1),)
    on_offer = offers(models, groups(), scores())
    return Search(None, scores(), SpeedSpec(speedup=2.0), models, on_offer, "cpu", Path(), Path(), judge)  # type: ignore[arg-type]


def made(width: int, loss: float, speedup: float = 2.01, *, met: bool = True) -> Try:
    reached = Reached(
        batch=1, predicted=2.0, speedup=speedup, ci_low=None, ci_high=None, verdict="faster", original_us=100.0,
        pruned_us=100.0 / speedup,
    )  # fmt: skip
    plan = ChannelPlan(architecture="", channels={"conv": 20}, kept={"conv": tuple(range(width))})
    return Try(Spent((), loss, (), 0.0), plan, Round(widths={"conv": width}, reached=(reached,), met=met))


TRIES = (made(4, 0.1), made(5, 0.2), made(6, 0.3, met=False), made(7, 0.05, speedup=1.98))


def test_the_judge_chooses_and_what_it_said_is_in_the_record() -> None:
    """It is neither asked about what is too slow, nor about what is a little short where something is beyond."""
    judge = Said({4: 0.02, 5: 0.01})
    found, place = chosen(search(judge), TRIES, Silent())
    assert place == 1
    assert judge.asked == [4, 5]
    assert [each.round.missed for each in found] == [0.02, 0.01, None, None]


@pytest.mark.parametrize("judge", [None, Said({4: 0.02, 5: None})], ids=["none", "one that can't tell"])
def test_without_it_the_importance_chooses(judge: Said | None) -> None:
    found, place = chosen(search(judge), TRIES, Silent())
    assert place == 0
    assert all(each.round.missed is None for each in found)


def test_it_is_asked_about_a_few_that_lose_the_least_and_not_about_one_alone() -> None:
    judge = Said({width: 0.5 - 0.01 * width for width in range(2, 20)})
    many = [made(width, 1 / width) for width in range(2, 20)]
    _, place = chosen(search(judge), many, Silent())
    assert sorted(judge.asked) == list(range(20 - MOST_JUDGED, 20))
    assert place == len(many) - 1
    judge.asked.clear()
    assert chosen(search(judge), [many[0], TRIES[2]], Silent())[1] == 0
    assert not judge.asked


def test_what_is_a_little_short_is_taken_where_nothing_is_beyond_and_what_is_too_slow_never() -> None:
    assert chosen(search(None), TRIES[2:], Silent())[1] == 1
    assert chosen(search(None), TRIES[2:3], Silent())[1] is None


def test_for_a_judge_more_is_tried() -> None:
    alone, judged = ({each.choice for each in search(judge).fan([0.5])} for judge in (None, Said({})))
    assert alone < judged


def test_a_large_network_is_not_judged() -> None:
    """1,500 examples at 60 us each, and at 34 ms."""
    assert is_affordable(Said({}, examples=1500), 60.0)
    assert not is_affordable(Said({}, examples=1500), 34_000.0)
