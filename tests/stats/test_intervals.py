"""Intervals of means: against closed forms and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness import stats


def test_t_interval_agrees_with_the_textbook() -> None:
    """1 to 5: mean 3, standard error sqrt(2.5 / 5), t(0.975, 4) = 2.776."""
    interval = stats.t_interval([1, 2, 3, 4, 5])
    assert interval.estimate == pytest.approx(3)
    assert interval.half_width == pytest.approx(2.776 * math.sqrt(0.5), rel=1e-3)
    assert interval.p_value == pytest.approx(0.0132, rel=0.01)


def test_trimmed_t_interval_agrees_with_the_definition() -> None:
    """Ten values, one trimmed at each end: winsorized squares over 8 x 7, 7 degrees of freedom."""
    values = [2.0, 3, 4, 5, 6, 7, 8, 9, 10, 99]
    interval = stats.t_interval(values, trimmed=0.1)
    winsorized = np.array([3.0, 3, 4, 5, 6, 7, 8, 9, 10, 10])
    assert interval.estimate == pytest.approx(6.5)
    assert interval.half_width == pytest.approx(2.3646 * math.sqrt(9 * winsorized.var(ddof=1) / 56), rel=1e-3)


def test_welch_s_interval_agrees_with_scipy() -> None:
    """Untrimmed and trimmed, SciPy's test of two independent samples is the reference."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    first, second = rng.normal(0.1, 1, 20), rng.normal(0, 3, 12)
    for trimmed in (0.0, 0.1):
        interval = stats.t_interval_of_difference(first, second, trimmed=trimmed)
        theirs = ttest_ind(first, second, equal_var=False, trim=trimmed)
        assert interval.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
        assert (interval.low, interval.high) == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-6)


def test_one_wild_launch_does_not_widen_the_trimmed_interval() -> None:
    calm = [0.001, -0.002, 0.003, -0.001, 0.0, 0.002, -0.003, 0.001, -0.001, 0.002]
    wild = [*calm[:-1], 0.5]
    assert stats.t_interval(wild, trimmed=0.1).half_width < 2 * stats.t_interval(calm, trimmed=0.1).half_width
    assert stats.t_interval(wild).half_width > 20 * stats.t_interval(calm).half_width


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_too_little_says_nothing(values: list[float]) -> None:
    """No spread to estimate: the interval is unbounded, never a confident answer."""
    interval = stats.t_interval(values)
    assert (interval.low, interval.high, interval.p_value) == (-math.inf, math.inf, 1.0)


@pytest.mark.parametrize("shares", [(0.1, 0.5, 0.5, 0.9), (0.05, 0.95, 0.9, 0.95), (0.3, 0.3, 0.3, 0.3)])
def test_intervals_of_an_interaction_cover_it_as_often_as_they_say(shares: tuple[float, ...]) -> None:
    """Ten trainings an arm, 2,000 studies drawn."""
    weights = (1.0, -1.0, -1.0, 1.0)
    truth = sum(weight * share for weight, share in zip(weights, shares, strict=True))
    drawn = np.random.default_rng(0).binomial(10, shares, (2000, 4))
    intervals = [stats.linear_of_shares(hits, [10] * 4, weights) for hits in drawn.tolist()]
    assert np.mean([low <= truth <= high for low, high in intervals]) > 0.93
