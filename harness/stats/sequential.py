"""Intervals of a measurement that looks after every launch and stops when it knows enough."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.intervals import CONFIDENCE, Interval, t_interval, t_interval_of_difference

PEEKING = 2
SEQUENTIAL_CONFIDENCE = 1 - (1 - CONFIDENCE) / PEEKING
TRIMMED_SHARE = 0.1
MINIMUM_LAUNCHES = 10


def sequential_interval(values: ArrayLike) -> Interval:
    """The 95 % interval of a measurement that looks after every launch and stops when the interval is narrow.

    `values` are one for each launch; a tenth is trimmed at each end, for the launch during which the machine was
    busy. Stopping early favours samples whose spread came out small by luck, so that a plain interval misses more
    often than it says: from MINIMUM_LAUNCHES on, p-values come out up to PEEKING times too small (simulated at the
    least favourable spread: tests/stats/test_sequential.py). So p is multiplied by that, and the interval is computed
    at the level that corresponds, 97.5 %.
    """
    return _doubled(t_interval(values, SEQUENTIAL_CONFIDENCE, TRIMMED_SHARE))


def sequential_difference(first: ArrayLike, second: ArrayLike) -> Interval:
    """The 95 % interval of mean(first) - mean(second), each from a measurement that stopped as above."""
    return _doubled(t_interval_of_difference(first, second, SEQUENTIAL_CONFIDENCE, TRIMMED_SHARE))


def _doubled(interval: Interval) -> Interval:
    return replace(interval, p_value=min(1.0, PEEKING * interval.p_value))


def precise_enough(log_ratio: Interval, precision: float) -> bool:
    """Whether the interval's half-width, as a fraction of the speed-up, is at most `precision`."""
    return math.expm1(log_ratio.half_width) <= precision


def look_confidence(look: int, decisions: int) -> float:
    """The level of an interval at the `look`-th look (from 1) of several decisions that are corrected together.

    Whoever stops as soon as an interval is on one side of a bound has looked many times. The looks share the 5 %: the
    j-th takes 1 / (j (j + 1)) of it, which sums to 1 over all looks there could be, and of that each decision takes an
    equal part (Bonferroni). So all that is decided is right in 95 of 100 cases, however often one looked.
    """
    return 1 - (1 - CONFIDENCE) / (decisions * look * (look + 1))


def next_look(launches: int) -> int:
    """After how many launches to look next: half as many again, so that few looks share the error."""
    return max(MINIMUM_LAUNCHES, math.ceil(1.5 * launches))


def look_interval(values: ArrayLike, look: int, decisions: int, beside: float = 0.0) -> Interval:
    """The interval of launches' values at a look; unbounded while there are fewer than MINIMUM_LAUNCHES.

    `beside` is a standard error that all launches share, so that they can't show it: see shared_reach.
    """
    sample, confidence = np.asarray(values, dtype=float), look_confidence(look, decisions)
    interval = t_interval(sample, confidence, TRIMMED_SHARE)
    if sample.size < MINIMUM_LAUNCHES:
        return Interval(interval.estimate, -math.inf, math.inf, 1.0)
    reach = math.hypot(interval.half_width, shared_reach(beside, decisions))
    return replace(interval, low=interval.estimate - reach, high=interval.estimate + reach)


def shared_reach(error: float, decisions: int) -> float:
    """What a standard error that all launches share adds to an interval's half-width, however many they are.

    Looking again does not draw it again, so all looks together have one level for it.
    """
    from scipy import special

    return error * float(special.ndtri(1 - (1 - CONFIDENCE) / (2 * decisions)))
