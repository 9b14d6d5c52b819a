"""Shares of examples or trainings: their intervals, and tests of whether two differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.intervals import CONFIDENCE

Floats = NDArray[np.float64]
Real = TypeVar("Real", float, Floats)


@cache
def wilson(hits: int, examples: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval for a proportion."""
    from scipy import special

    z2 = float(special.ndtri((1 + confidence) / 2)) ** 2
    centre = (hits + z2 / 2) / (examples + z2)
    half = math.sqrt(z2 * (hits * (1 - hits / examples) + z2 / 4)) / (examples + z2)
    return (centre - half if hits else 0.0), (centre + half if hits < examples else 1.0)


def fisher(hits: tuple[int, int], trials: tuple[int, int]) -> float:
    """Fisher's exact test of two independent proportions: the two-sided p-value."""
    from scipy import stats

    table = [[hit, count - hit] for hit, count in zip(hits, trials, strict=True)]
    return float(stats.fisher_exact(table).pvalue)


def linear_of_shares(hits: Sequence[int], trials: Sequence[int], weights: Sequence[float]) -> tuple[float, float]:
    """The interval for the sum of weight times share over independent groups, such as a contrast of shares.

    Each of the m groups with a weight gets 2/m successes and 2/m failures more, then Wald's interval is taken: Price
    and Bonett, Computational Statistics & Data Analysis 45 (2004) 449. One group gives Agresti and Coull's interval,
    a difference of two Agresti and Caffo's. It is cut to what the sum can reach.
    """
    from scipy import special

    groups = [group for group in zip(hits, trials, weights, strict=True) if group[2] != 0]
    added = 2 / len(groups)
    shares = [(hit + added) / (count + 2 * added) for hit, count, _ in groups]
    centre = sum(weight * share for (_, _, weight), share in zip(groups, shares, strict=True))
    variances = [
        weight**2 * share * (1 - share) / (count + 2 * added)
        for (_, count, weight), share in zip(groups, shares, strict=True)
    ]
    reach = float(special.ndtri((1 + CONFIDENCE) / 2)) * math.sqrt(sum(variances))
    least, most = (sum(part(0.0, weight) for _, _, weight in groups) for part in (min, max))
    return max(least, centre - reach), min(most, centre + reach)


@dataclass(frozen=True)
class PairedProportions:
    """Candidate against baseline on the same examples: the difference in proportion correct, with its interval.

    `p_value` says how surprising the split of the examples is that only one of them gets right.
    """

    difference: float
    low: float
    high: float
    only_baseline: int
    only_candidate: int

    @property
    def p_value(self) -> float:
        """McNemar's exact test."""
        return _mcnemar(self.only_candidate, self.only_baseline + self.only_candidate)


def paired_proportions(baseline: ArrayLike, candidate: ArrayLike, confidence: float = CONFIDENCE) -> PairedProportions:
    """Compare two classifiers on the same examples.

    Both are bool (N,), True where the example is classified correctly. The interval is Newcombe's score interval
    for paired proportions (Statistics in Medicine 17, 1998, method 10); the test is McNemar's, exact.

    Raises:
        ValueError: the lengths differ, or there is no example.
    """
    first, second = np.asarray(baseline, dtype=bool), np.asarray(candidate, dtype=bool)
    if first.shape != second.shape or first.ndim != 1 or first.size == 0:
        raise ValueError(f"need the same examples for both, got shapes {first.shape} and {second.shape}")
    both = int(np.count_nonzero(first & second))
    alone = int(np.count_nonzero(first)) - both, int(np.count_nonzero(second)) - both
    return paired_counts(both, alone, first.size, confidence)


def paired_counts(both: int, alone: tuple[int, int], total: int, confidence: float = CONFIDENCE) -> PairedProportions:
    """The same of counts: how many of `total` examples both get right, and how many each alone, the baseline first."""
    bounds = wilson(both + alone[1], total, confidence), wilson(both + alone[0], total, confidence)
    low, high = _newcombe((float(both), float(alone[1]), float(alone[0])), total, bounds, math.sqrt)
    return PairedProportions((alone[1] - alone[0]) / total, low, high, *alone)


def paired_bounds(
    both: ArrayLike, alone: tuple[ArrayLike, ArrayLike], total: int, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats]:
    """The interval's bounds of many pairs at once, all counted on as many examples: (N,) each."""
    common, theirs, ours = (np.asarray(counts, dtype=np.int64) for counts in (both, *alone))
    lows, highs = _wilsons(total, confidence)
    first, second = ((lows[hits], highs[hits]) for hits in (common + ours, common + theirs))
    counts = common.astype(float), ours.astype(float), theirs.astype(float)
    return _newcombe(counts, total, (first, second), np.sqrt)


@cache
def _wilsons(total: int, confidence: float) -> tuple[Floats, Floats]:
    """The bounds of Wilson's interval for each number of hits from 0 to `total`."""
    lows, highs = zip(*(wilson(hits, total, confidence) for hits in range(total + 1)), strict=True)
    return np.array(lows), np.array(highs)


@cache
def _mcnemar(only_candidate: int, discordant: int) -> float:
    from scipy import special

    fewer = min(only_candidate, discordant - only_candidate)
    return min(1.0, 2 * float(special.bdtr(fewer, discordant, 0.5)))


def _newcombe(
    counts: tuple[Real, Real, Real],
    total: int,
    bounds: tuple[tuple[Real, Real], tuple[Real, Real]],
    root: Callable[[Real], Real],
) -> tuple[Real, Real]:
    """Interval for (both + only_first) / total - (both + only_second) / total, of these three counts.

    `bounds` are Wilson's, of both shares.
    """
    both, only_first, only_second = counts
    p, q = (both + only_first) / total, (both + only_second) / total
    (p_low, p_high), (q_low, q_high) = bounds
    product = root(p * (1 - p) * q * (1 - q)) * total * total
    agreement = both * (total - both - only_first - only_second) - only_first * only_second
    lessened = _positive(agreement - total / 2) - _positive(-agreement)
    correlation = lessened / (product + (product == 0))  # there is no agreement where one gets all or nothing right

    def reach(left: Real, right: Real) -> Real:
        return root(_positive(left * left - 2 * correlation * left * right + right * right))

    return p - q - reach(p - p_low, q_high - q), p - q + reach(p_high - p, q - q_low)


def _positive(value: Real) -> Real:
    """The value where it is above zero, else zero."""
    return (value + abs(value)) / 2
