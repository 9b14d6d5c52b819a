"""How many samples a percentile takes, and how many independent ones there are."""

from __future__ import annotations

import numpy as np

from harness import stats


def test_samples_that_percentiles_need() -> None:
    """From the binomial distribution: the second largest sample is above the percentile with 99 % confidence."""
    assert [stats.samples_for_percentile(percent) for percent in (50, 90, 95, 99)] == [11, 64, 130, 662]


def test_independent_calls_count_fully() -> None:
    rng = np.random.default_rng(0)
    clusters = [rng.exponential(size=500) for _ in range(20)]
    assert stats.independent_samples(clusters, 90) > 4000


def test_launches_that_differ_make_their_calls_worth_little() -> None:
    """Calls of one launch that resemble each other count as about one a launch, however many there are."""
    rng = np.random.default_rng(0)
    clusters = [level + 0.001 * rng.standard_normal(500) for level in rng.standard_normal(20)]
    assert stats.independent_samples(clusters, 90) < 30


def test_a_single_launch_is_one_sample() -> None:
    assert stats.independent_samples([list(range(1000))], 90) == 1
