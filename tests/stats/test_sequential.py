"""A measurement that stops when it knows enough misses no more often than it says: simulated."""

from __future__ import annotations

import math

import numpy as np

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
