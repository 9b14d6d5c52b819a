"""What sums up a sample: its median, its spread, whether it drifts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def median(values: ArrayLike) -> float:
    """The middle value; NaN where there is none."""
    ordered = np.sort(np.asarray(values, dtype=float), axis=None)  # ten times as fast as np.median for few values
    size = ordered.size
    if not size or np.isnan(ordered[-1]):
        return math.nan
    return float((ordered[(size - 1) // 2] + ordered[size // 2]) / 2)


def medians(samples: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """The median of each of several samples, (N,): all at once where they are of one size."""
    if len({len(sample) for sample in samples}) != 1 or not len(samples[0]):
        return np.array([median(sample) for sample in samples])
    return _middles(np.sort(np.asarray(samples, dtype=float), axis=1), np.full(len(samples), len(samples[0])))


def medians_of_known(samples: NDArray[np.float64], fewest: int) -> NDArray[np.float64]:
    """The median of what is no NaN in each row of (N, M), for the rows in which that is at least `fewest`, from 1."""
    ordered = np.sort(samples, axis=1)  # NaN come last
    counts = (~np.isnan(ordered)).sum(axis=1)
    enough = counts >= fewest
    return _middles(ordered[enough], counts[enough])


def _middles(ordered: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The median of the first so many values of each ordered row."""
    rows = np.arange(len(ordered))
    return np.asarray((ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2)


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
