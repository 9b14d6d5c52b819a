"""What an interval allows to say."""

from __future__ import annotations

import pytest

from harness import stats
from harness.stats import verdict


@pytest.mark.parametrize(
    ("low", "high", "p_value", "expected"),
    [
        (0.10, 0.12, 1e-6, "faster"),
        (-0.12, -0.10, 1e-6, "slower"),
        (-0.01, 0.015, 0.6, "equivalent"),
        (0.004, 0.012, 1e-4, "equivalent"),
        (-0.01, 0.03, 0.4, "inconclusive"),
        (0.001, 0.03, 0.2, "inconclusive"),
    ],
)
def test_verdicts(low: float, high: float, p_value: float, expected: str) -> None:
    """Margin 2 %. Inside it is `equivalent`, even a real difference; a p-value that is not small says nothing."""
    interval = stats.Interval((low + high) / 2, low, high, p_value)
    assert verdict(interval, p_value, 0.02) == expected


@pytest.mark.parametrize(
    ("low", "high", "decision"), [(1.0, 2.0, "pass"), (0.5, 1.5, "can't tell"), (0.1, 0.9, "fail"), (1.0, 1.0, "pass")]
)
def test_a_bound_is_kept_where_the_whole_interval_is_on_its_side(low: float, high: float, decision: str) -> None:
    assert stats.decide(low, high, least=1.0) == decision
    assert stats.decide(-high, -low, most=-1.0) == decision
