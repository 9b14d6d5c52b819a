"""Ticks and domains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.charts.scales import log_ticks, padded


@given(st.floats(1e-2, 1e6), st.floats(1.05, 1e4))
def test_ticks_are_few_and_within_the_axis(low: float, factor: float) -> None:
    ticks = log_ticks(low, low * factor)
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 9
    assert all(low <= tick <= low * factor for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.9, 1.15, [0.9, 0.95, 1.0, 1.05, 1.1, 1.15]),
        (0.77, 3.8, [1.0, 1.5, 2.0, 3.0]),
        (12.5, 171.0, [15.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0]),
        (300.0, 40_000.0, [500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == ticks


def test_a_domain_has_room_even_around_one_value() -> None:
    assert padded([97.0], 0.06) == (96.8, 97.2)
