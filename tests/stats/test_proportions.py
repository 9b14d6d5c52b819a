"""The statistics: against closed forms, published values and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import stats

FRACTIONS = st.floats(0.0, 1.0)


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


@given(st.lists(FRACTIONS, min_size=1, max_size=8))
def test_holm_agrees_with_its_definition(p_values: list[float]) -> None:
    """Rejecting at 5 % by adjusted p-values is Holm's step-down rule: p(k) <= 0.05 / (m - k) for all up to k."""
    adjusted = stats.holm(p_values)
    rejected = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] * (len(p_values) - rank) > 0.05:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(adjusted) if p <= 0.05} == rejected


def test_holm_agrees_with_a_worked_example() -> None:
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (0.10, 0.12, 1e-6, "faster"),
        (-0.12, -0.10, 1e-6, "slower"),
        (-0.01, 0.015, 0.6, "equivalent"),
        (0.004, 0.012, 1e-4, "equivalent"),
        (-0.01, 0.03, 0.4, "inconclusive"),
        (0.001, 0.03, 0.2, "inconclusive"),
    ],
)
def test_verdicts(low: float, high: float, p_value: float, verdict: str) -> None:
    """Margin 2 %. Inside it is `equivalent`, even a real difference; a p-value that is not small says nothing."""
    interval = stats.Interval((low + high) / 2, low, high, p_value)
    assert stats.verdict(interval, p_value, 0.02) == verdict


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


def test_wilson_agrees_with_a_published_example() -> None:
    """Newcombe 1998 (Statistics in Medicine 17, 857): 81 of 263 gives 0.2553 to 0.3662."""
    assert stats.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_paired_proportions_counts_discordant_examples() -> None:
    baseline = np.array([True] * 90 + [False] * 10)
    candidate = np.array([True] * 85 + [False] * 5 + [True] * 2 + [False] * 8)
    found = stats.paired_proportions(baseline, candidate)
    assert (found.only_baseline, found.only_candidate) == (5, 2)
    assert found.difference == pytest.approx(-0.03)
    assert found.low < found.difference < found.high
    assert found.p_value == pytest.approx(2 * 29 / 128, rel=1e-6)  # 7 tosses, at most 2 heads: (1 + 7 + 21) / 128


def test_paired_proportions_of_the_same_answers_is_no_difference() -> None:
    answers = np.array([True, False, True, True])
    found = stats.paired_proportions(answers, answers)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert found.low < 0 < found.high


def test_paired_interval_covers_the_truth() -> None:
    """Simulated classifiers at 93 % and 91 % that agree on most examples: at least 92 % of 200 intervals cover."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        kind = rng.choice(4, size=1000, p=[0.90, 0.03, 0.01, 0.06])  # both, baseline only, candidate only, neither
        found = stats.paired_proportions((kind == 0) | (kind == 1), (kind == 0) | (kind == 2))
        covered += found.low <= -0.02 <= found.high
    assert covered >= 0.92 * 200


def test_paired_interval_is_narrower_than_an_unpaired_one() -> None:
    """The pairing is the point: models that agree on 95 % of the examples need far fewer of them."""
    rng = np.random.default_rng(0)
    baseline = rng.random(1000) < 0.9
    candidate = np.where(rng.random(1000) < 0.03, ~baseline, baseline)
    found = stats.paired_proportions(baseline, candidate)
    low, high = stats.wilson(int(baseline.sum()), 1000)
    assert found.high - found.low < 0.8 * (high - low)


def test_paired_proportions_refuses_different_examples() -> None:
    with pytest.raises(ValueError, match="same examples"):
        stats.paired_proportions([True], [True, False])


def test_trend_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(30)
    assert stats.trend(noise) > 0.05
    assert stats.trend(noise + 0.2 * np.arange(30)) < 0.001


def test_a_linear_function_of_one_share_has_agresti_and_coulls_interval() -> None:
    """Two successes and two failures more: 9 of 14."""
    low, high = stats.linear_of_shares([7], [10], [1.0])
    reach = 1.959964 * (9 / 14 * 5 / 14 / 14) ** 0.5
    assert (low, high) == pytest.approx((9 / 14 - reach, 9 / 14 + reach))


def test_a_difference_of_two_shares_has_agresti_and_caffos_interval_whatever_has_no_weight() -> None:
    """One success and one failure more in each: 8 of 12 and 4 of 12."""
    found = stats.linear_of_shares([7, 5, 3], [10, 10, 10], [1.0, 0.0, -1.0])
    reach = 1.959964 * (2 * (2 / 3 * 1 / 3 / 12)) ** 0.5
    assert found == pytest.approx((1 / 3 - reach, 1 / 3 + reach))


def test_an_interval_of_shares_is_cut_to_what_they_can_reach() -> None:
    assert stats.linear_of_shares([5, 0], [5, 5], [1.0, -1.0])[1] == 1.0
    assert stats.linear_of_shares([5, 0, 0, 5], [5] * 4, [1.0, -1.0, -1.0, 1.0])[1] == 2.0


@pytest.mark.parametrize("shares", [(0.1, 0.5, 0.5, 0.9), (0.05, 0.95, 0.9, 0.95), (0.3, 0.3, 0.3, 0.3)])
def test_intervals_of_an_interaction_cover_it_as_often_as_they_say(shares: tuple[float, ...]) -> None:
    """Ten trainings an arm, 2,000 studies drawn."""
    weights = (1.0, -1.0, -1.0, 1.0)
    truth = sum(weight * share for weight, share in zip(weights, shares, strict=True))
    drawn = np.random.default_rng(0).binomial(10, shares, (2000, 4))
    intervals = [stats.linear_of_shares(hits, [10] * 4, weights) for hits in drawn.tolist()]
    assert np.mean([low <= truth <= high for low, high in intervals]) > 0.93


def test_fishers_test_is_exact() -> None:
    """All of ten against none of ten is one of C(20, 10) tables, and so is the reverse."""
    assert stats.fisher((10, 0), (10, 10)) == pytest.approx(2 / 184_756)
    assert stats.fisher((4, 4), (8, 8)) == 1.0
