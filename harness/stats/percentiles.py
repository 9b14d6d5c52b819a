"""How many samples a percentile takes, and how many independent ones the calls of several launches are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
