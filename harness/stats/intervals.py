"""Intervals for means of independent values, trimmed or not: two-sided, and 95 % unless said."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, and the two-sided p-value against zero."""

    estimate: float
    low: float
    high: float
    p_value: float

    @property
    def half_width(self) -> float:
        """Half of what lies between the bounds; infinite where they are unbounded."""
        return (self.high - self.low) / 2


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
