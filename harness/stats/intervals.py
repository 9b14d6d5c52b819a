"""Statistics of paired measurements: pure functions on numbers. Intervals are two-sided and 95 % unless said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Verdict = Literal["faster", "slower", "equivalent", "inconclusive"]

CONFIDENCE = 0.95
PEEKING = 2
SEQUENTIAL_CONFIDENCE = 1 - (1 - CONFIDENCE) / PEEKING
TRIMMED_SHARE = 0.1
MINIMUM_LAUNCHES = 10


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, and the two-sided p-value against zero."""

    estimate: float
    low: float
    high: float
    p_value: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def median(values: ArrayLike) -> float:
    return float(np.median(np.asarray(values, dtype=float)))


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error and degrees of freedom; the error is None where it can't be known."""

    value: float
    error: float | None
    freedom: int


def trimmed_mean(values: ArrayLike, trimmed: float = 0.0) -> Mean:
    """The mean of independent values, a share of which is left out at each end.

    The error comes from the winsorized values: Tukey and McLaughlin (Sankhya A 25, 1963). Fewer than two values, or
    values without any spread, say nothing of it.
    """
    sample = np.sort(np.asarray(values, dtype=float))
    cut = int(trimmed * sample.size)
    kept = sample[cut : sample.size - cut]
    value = float(kept.mean()) if kept.size else 0.0
    if kept.size < 2 or kept[0] == kept[-1]:
        return Mean(value, None, 0)
    winsorized = np.clip(sample, kept[0], kept[-1])
    squares = float(((winsorized - winsorized.mean()) ** 2).sum())
    return Mean(value, math.sqrt(squares / (kept.size * (kept.size - 1))), kept.size - 1)


def t_interval(values: ArrayLike, confidence: float = CONFIDENCE, trimmed: float = 0.0) -> Interval:
    """Student's t interval for the mean of independent values, trimmed or not.

    Where the error can't be known, the interval is unbounded and p is 1.
    """
    mean = trimmed_mean(values, trimmed)
    return _interval(mean.value, mean.error, mean.freedom, confidence)


def t_interval_of_difference(
    first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE, trimmed: float = 0.0
) -> Interval:
    """Welch's t interval for mean(first) - mean(second), trimmed as Yuen does (Biometrika 61, 1974)."""
    ours, theirs = trimmed_mean(first, trimmed), trimmed_mean(second, trimmed)
    difference = ours.value - theirs.value
    if ours.error is None or theirs.error is None:
        return _interval(difference, None, 0, confidence)
    squares = (ours.error**2, theirs.error**2)
    freedom = sum(squares) ** 2 / (squares[0] ** 2 / ours.freedom + squares[1] ** 2 / theirs.freedom)
    return _interval(difference, math.sqrt(sum(squares)), freedom, confidence)


def _interval(value: float, error: float | None, freedom: float, confidence: float) -> Interval:
    from scipy import special

    if error is None:
        return Interval(value, -math.inf, math.inf, 1.0)
    reach = float(special.stdtrit(freedom, (1 + confidence) / 2)) * error
    return Interval(value, value - reach, value + reach, float(2 * special.stdtr(freedom, -abs(value) / error)))


def deviation(values: ArrayLike) -> float:
    """The sample standard deviation; 0 for fewer than two values."""
    sample = np.asarray(values, dtype=float)
    return float(sample.std(ddof=1)) if sample.size > 1 else 0.0


def median_error(values: ArrayLike) -> float:
    """A robust standard error of the median of independent values, from their median absolute deviation."""
    sample = np.asarray(values, dtype=float)
    spread = 1.4826 * median(np.abs(sample - np.median(sample)))
    return 1.2533 * spread / math.sqrt(sample.size)


def trend(values: ArrayLike) -> float:
    """The p-value of Kendall's rank test for a trend along a series (Mann 1945)."""
    from scipy import stats

    sample = np.asarray(values, dtype=float)
    return float(stats.kendalltau(np.arange(sample.size), sample).pvalue) if sample.size > 2 else 1.0


def sequential_interval(values: ArrayLike) -> Interval:
    """The 95 % interval of a measurement that looks after every launch and stops when the interval is narrow.

    `values` are one for each launch; a tenth is trimmed at each end, for the launch during which the machine was
    busy. Stopping early favours samples whose spread came out small by luck, so that a plain interval misses more
    often than it says: from MINIMUM_LAUNCHES on, p-values come out up to PEEKING times too small (simulated at the
    least favourable spread: tests/stats/test_stats.py). So p is multiplied by that, and the interval is computed at the
    level that corresponds, 97.5 %.
    """
    return _doubled(t_interval(values, SEQUENTIAL_CONFIDENCE, TRIMMED_SHARE))


def sequential_difference(first: ArrayLike, second: ArrayLike) -> Interval:
    """The 95 % interval of mean(first) - mean(second), each from a measurement that stopped as above."""
    return _doubled(t_interval_of_difference(first, second, SEQUENTIAL_CONFIDENCE, TRIMMED_SHARE))


def _doubled(interval: Interval) -> Interval:
    return replace(interval, p_value=min(1.0, PEEKING * interval.p_value))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): adjusted p-values, in order."""
    count = len(p_values)
    adjusted = [0.0] * count
    highest = 0.0
    for rank, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def verdict(log_ratio: Interval, adjusted_p: float, margin: float) -> Verdict:
    """What an interval for the log speed-up allows to say.

    `equivalent` comes first: an interval wholly inside ±`margin` shows a difference too small to matter, whether or
    not it is zero. `faster` and `slower` need a corrected p-value of at most 5 %.
    """
    if math.log1p(-margin) < log_ratio.low and log_ratio.high < math.log1p(margin):
        return "equivalent"
    if adjusted_p <= 1 - CONFIDENCE:
        return "faster" if log_ratio.estimate > 0 else "slower"
    return "inconclusive"


def precise_enough(log_ratio: Interval, precision: float) -> bool:
    """Whether the interval's half-width, as a fraction of the speed-up, is at most `precision`."""
    return math.expm1(log_ratio.half_width) <= precision


@lru_cache
def samples_for_percentile(percent: float) -> int:
    """The fewest independent samples that support a percentile: 64 for p90, 662 for p99.

    From there on the second largest sample lies above the true percentile with 99 % confidence, so that an upper
    bound exists which does not rest on the single worst sample.
    """
    below = percent / 100
    count = 1
    while below**count + count * below ** (count - 1) * (1 - below) > 0.01:  # at most one sample above it
        count += 1
    return count


def independent_samples(clusters: Sequence[ArrayLike], percent: float) -> float:
    """How many independent samples the calls of several launches are worth for a percentile.

    Calls of one launch resemble each other. The variance of the share of calls above the percentile, taken between
    launches, is compared with what independent calls would give (the design effect of cluster sampling, Kish 1965).
    """
    arrays: list[NDArray[np.float64]] = [np.asarray(cluster, dtype=float) for cluster in clusters]
    pooled = np.concatenate(arrays) if arrays else np.empty(0)
    if len(arrays) < 2 or pooled.size == 0:
        return float(len(arrays))
    limit = np.quantile(pooled, percent / 100)
    above = np.array([float((array > limit).mean()) for array in arrays])
    between = float(above.var(ddof=1)) / len(arrays)
    share = float((pooled > limit).mean())
    if between == 0.0:
        return float(pooled.size)
    return min(float(pooled.size), share * (1 - share) / between)


def wilson(hits: int, examples: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval for a proportion."""
    from scipy import stats

    interval = stats.binomtest(hits, examples).proportion_ci(confidence_level=confidence, method="wilson")
    return float(interval.low), float(interval.high)


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

    `p_value` is McNemar's exact test: how surprising the split of the examples only one of them gets right is.
    """

    difference: float
    low: float
    high: float
    p_value: float
    only_baseline: int
    only_candidate: int


def paired_proportions(baseline: ArrayLike, candidate: ArrayLike) -> PairedProportions:
    """Compare two classifiers on the same examples.

    Both are bool (N,), True where the example is classified correctly. The interval is Newcombe's score interval
    for paired proportions (Statistics in Medicine 17, 1998, method 10); the test is McNemar's, exact.

    Raises:
        ValueError: the lengths differ, or there is no example.
    """
    from scipy import stats

    first, second = np.asarray(baseline, dtype=bool), np.asarray(candidate, dtype=bool)
    if first.shape != second.shape or first.ndim != 1 or first.size == 0:
        raise ValueError(f"need the same examples for both, got shapes {first.shape} and {second.shape}")
    only_candidate, only_baseline = int((second & ~first).sum()), int((first & ~second).sum())
    discordant = only_candidate + only_baseline
    p_value = float(stats.binomtest(only_candidate, discordant).pvalue) if discordant else 1.0
    low, high = _newcombe(int((first & second).sum()), only_candidate, only_baseline, first.size)
    difference = (only_candidate - only_baseline) / first.size
    return PairedProportions(difference, low, high, p_value, only_baseline, only_candidate)


def _newcombe(both: int, only_first: int, only_second: int, total: int) -> tuple[float, float]:
    """Interval for (both + only_first) / total - (both + only_second) / total."""
    neither = total - both - only_first - only_second
    p, q = (both + only_first) / total, (both + only_second) / total
    p_low, p_high = wilson(both + only_first, total)
    q_low, q_high = wilson(both + only_second, total)
    product = math.sqrt(p * (1 - p) * q * (1 - q)) * total * total
    agreement: float = both * neither - only_first * only_second
    if agreement > 0:
        agreement = max(0.0, agreement - total / 2)
    correlation = agreement / product if product else 0.0

    def reach(left: float, right: float) -> float:
        return math.sqrt(max(0.0, left * left - 2 * correlation * left * right + right * right))

    return p - q - reach(p - p_low, q_high - q), p - q + reach(p_high - p, q - q_low)
