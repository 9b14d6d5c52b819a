"""What sums up a sample: its median, its spread, whether it drifts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def median(values: ArrayLike) -> float:
    """The middle value; NaN where there is none."""
    ordered = np.sort(np.asarray(values, dtype=float), axis=None)  # ten times as fast as np.median for few values
    size = ordered.size
    if not size or np.isnan(ordered[-1]):
        return math.nan
    return float((ordered[(size - 1) // 2] + ordered[size // 2]) / 2)


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
