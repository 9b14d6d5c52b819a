"""Shares of examples or trainings: their intervals, and tests of whether two differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.intervals import CONFIDENCE


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
    low, high = _newcombe((both, alone[1], alone[0]), total, confidence)
    return PairedProportions((alone[1] - alone[0]) / total, low, high, *alone)


@cache
def _mcnemar(only_candidate: int, discordant: int) -> float:
    from scipy import special

    fewer = min(only_candidate, discordant - only_candidate)
    return min(1.0, 2 * float(special.bdtr(fewer, discordant, 0.5)))


def _newcombe(counts: tuple[int, int, int], total: int, confidence: float) -> tuple[float, float]:
    """Interval for (both + only_first) / total - (both + only_second) / total, of these three counts."""
    both, only_first, only_second = counts
    neither = total - both - only_first - only_second
    p, q = (both + only_first) / total, (both + only_second) / total
    p_low, p_high = wilson(both + only_first, total, confidence)
    q_low, q_high = wilson(both + only_second, total, confidence)
    product = math.sqrt(p * (1 - p) * q * (1 - q)) * total * total
    agreement: float = both * neither - only_first * only_second
    if agreement > 0:
        agreement = max(0.0, agreement - total / 2)
    correlation = agreement / product if product else 0.0

    def reach(left: float, right: float) -> float:
        return math.sqrt(max(0.0, left * left - 2 * correlation * left * right + right * right))

    return p - q - reach(p - p_low, q_high - q), p - q + reach(p_high - p, q - q_low)
