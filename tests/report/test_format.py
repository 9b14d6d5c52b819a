"""How numbers are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.compare import Interval, SpeedUp, Verdict
from harness.report import format as fmt


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (fmt.percent, 0.97366, "97.4\u00a0%"),
        (fmt.points, -0.0062, "−0.6"),
        (fmt.points, 0.0104, "+1.0"),
        (fmt.points, -0.0004, "0.0"),
        (fmt.whole_points, -0.304, "−30"),
        (fmt.times, 2.0818, "2.08×"),
        (fmt.times, 12.34, "12.3×"),
        (fmt.microseconds, 4.051, "4.05"),
        (fmt.microseconds, 71.55, "71.5"),
        (fmt.microseconds, 1234.5, "1,234"),
        (fmt.duration, 71.66, "71.7\u00a0µs"),
        (fmt.duration, 9999.0, "9,999\u00a0µs"),
        (fmt.duration, 12_345.0, "12.3\u00a0ms"),
        (fmt.kilobytes, 1_372_177, "1,372"),
        (fmt.kilobytes, 87_957, "88.0"),
        (fmt.count, 342_458, "342,458"),
        (fmt.count_range, (5, 5), "5"),
        (fmt.count_range, (5, 1000), "5 to 1,000"),
        (fmt.count_range, None, "–"),
        (fmt.tiny, 8e-7, "8.0e-07"),
        (fmt.tiny, None, "–"),
        (fmt.listed, [], ""),
        (fmt.listed, ["a"], "a"),
        (fmt.listed, ["a", "b", "c"], "a, b and c"),
    ],
)
def test_a_number_is_written_so(write: Callable[[Any], str], value: Any, text: str) -> None:
    assert write(value) == text


def test_intervals_say_both_ends() -> None:
    assert fmt.percent_range(Interval(value=0.97, low=0.9616, high=0.982)) == "96.2 to 98.2"
    assert fmt.points_range(Interval(value=-0.006, low=-0.0123, high=0.0003)) == "−1.2 to 0.0"
    assert fmt.whole_range(Interval(value=1.0, low=0.722, high=1.0)) == "72 to 100"
    assert fmt.whole_points_range(Interval(value=-0.3, low=-0.504, high=0.02)) == "−50 to +2"
    assert fmt.times_range(SpeedUp(value=2.0, low=1.9, high=2.1, verdict=Verdict.FASTER)) == "1.90 to 2.10"


def test_an_unbounded_interval_says_why() -> None:
    assert "too few launches" in fmt.times_range(SpeedUp(value=2.0, low=None, high=None, verdict=Verdict.INCONCLUSIVE))


def test_one_of_a_thing_is_singular() -> None:
    assert [fmt.plural(number, "epoch") for number in (0, 1, 2)] == ["0 epochs", "1 epoch", "2 epochs"]
