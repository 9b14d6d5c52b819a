"""Intervals and tests of shares: against closed forms, published values and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from harness import stats


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


def test_the_bounds_of_many_pairs_are_those_of_each_to_the_last_bit() -> None:
    counts = [(both, a, b) for both in range(8) for a in range(8 - both) for b in range(8 - both - a)]
    both, baseline, candidate = np.array(counts).T
    low, high = stats.paired_bounds(both, (baseline, candidate), 7)
    alone = [stats.paired_counts(both, (a, b), 7) for both, a, b in counts]
    assert low.tolist() == [each.low for each in alone]
    assert high.tolist() == [each.high for each in alone]


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


def test_fishers_test_is_exact() -> None:
    """All of ten against none of ten is one of C(20, 10) tables, and so is the reverse."""
    assert stats.fisher((10, 0), (10, 10)) == pytest.approx(2 / 184_756)
    assert stats.fisher((4, 4), (8, 8)) == 1.0
