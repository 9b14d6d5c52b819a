"""A measurement that stops when it knows enough misses no more often than it says: simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness import stats


def test_stopping_early_leaves_at_least_95_percent_coverage() -> None:
    """A/A under the real stopping rule, at the spread where peeking hurts most: at most 5 % miss, also far out."""
    rng = np.random.default_rng(0)
    for spread in (0.02, 0.025, 0.03):
        p_values = np.array([_measure_until_precise(spread * rng.standard_normal(40), 0.015) for _ in range(1000)])
        missed = np.mean(p_values <= 0.05)
        assert missed <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / len(p_values))
        assert np.mean(p_values <= 0.01) <= 0.01 + 3 * math.sqrt(0.01 / len(p_values))


def test_a_plain_interval_would_miss_too_often() -> None:
    """Without the correction the same rule calls more than 5 % of equal models different: the correction is needed."""
    rng = np.random.default_rng(1)
    missed = [
        _measure_until_precise(0.025 * rng.standard_normal(40), 0.015) / stats.PEEKING <= 0.05 for _ in range(2000)
    ]
    assert np.mean(missed) > 0.055


def _measure_until_precise(values: np.ndarray, precision: float) -> float:
    """The p-value where the measurement stops."""
    for count in range(stats.MINIMUM_LAUNCHES, len(values) + 1):
        interval = stats.sequential_interval(values[:count])
        if stats.precise_enough(interval, precision):
            break
    return interval.p_value


@pytest.mark.parametrize("decisions", [1, 3])
def test_looking_until_decided_leaves_at_most_5_percent_decided_wrongly(decisions: int) -> None:
    """A/A: the value is at the bound, and one looks until the interval is on one side of it, up to 80 launches."""
    rng = np.random.default_rng(2)
    wrong = sum(any(_decided(rng.normal(0, 0.02, 80), decisions) for _ in range(decisions)) for _ in range(1000))
    assert wrong <= 50 + 2 * math.sqrt(1000 * 0.05 * 0.95)


def test_a_plain_interval_at_every_look_would_decide_too_often() -> None:
    """Without sharing the 5 % among the looks it is far more: the sharing is needed."""
    rng = np.random.default_rng(3)
    plain = [_decided(rng.normal(0, 0.02, 80), 1, shared=False) for _ in range(1000)]
    assert np.mean(plain) > 0.1


def test_all_looks_and_decisions_together_share_5_percent() -> None:
    levels = [1 - stats.look_confidence(look, 4) for look in range(1, 10_000)]
    assert 4 * sum(levels) == pytest.approx(0.05, rel=1e-3)


def test_what_all_launches_share_widens_the_interval_and_few_launches_bound_nothing() -> None:
    values = [0.001 * number for number in range(20)]
    narrow, wide = (stats.look_interval(values, 1, 1, beside) for beside in (0.0, 0.01))
    assert wide.half_width == pytest.approx(math.hypot(narrow.half_width, 1.96 * 0.01), rel=1e-3)
    assert stats.look_interval(values[:9], 1, 1).high == math.inf


def _decided(values: np.ndarray, decisions: int, shared: bool = True) -> bool:
    """Whether looking on decides that zero is not the value."""
    count = look = 0
    while (count := stats.next_look(count)) <= len(values):
        look += 1
        found = stats.look_interval(values[:count], look if shared else 1, decisions if shared else 1)
        level = stats.t_interval(values[:count], 0.95, stats.TRIMMED_SHARE) if not shared else found
        if stats.decide(level.low, level.high, least=0.0) != "can't tell":
            return True
    return False
