"""Timing calls: the inner loops of the measuring process. Needs NumPy only; times are in nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

SLOW_NS = 20_000_000
MOST_CALLS = 200

clock = time.perf_counter_ns


def time_calls(run: Callable[[], Any], calls: int) -> list[int]:
    """Time consecutive calls: the differences between clock readings, one reading a call."""
    marks = [0] * (calls + 1)
    marks[0] = clock()
    for index in range(1, calls + 1):
        run()
        marks[index] = clock()
    return [after - before for before, after in pairwise(marks)]


def time_block(run: Callable[[], Any], calls: int) -> list[int]:
    """Time a block of calls. The first call, which refills the caches after another model ran, is not kept."""
    return time_calls(run, calls + 1)[1:]


def warm_up(run: Callable[[], Any], budget_ns: int, first_ns: int) -> tuple[list[int], bool]:
    """Run until the calls no longer get faster; returns their times and whether that point was reached.

    The series is doubled until the median of its last quarter is no more than 3 % below that of the quarter before,
    or until `budget_ns` is spent. A model whose first call took long gets a shorter series.
    """
    times = time_calls(run, 4 if first_ns > SLOW_NS else 16)
    while True:
        quarter = len(times) // 4
        before, last = np.median(times[-2 * quarter : -quarter]), np.median(times[-quarter:])
        if last >= 0.97 * before:
            return times, True
        if 2 * sum(times) > budget_ns:
            return times, False
        times += time_calls(run, len(times))


def usual(times: list[int]) -> int:
    """The typical time of a call once warm: the median of the series' second half."""
    return max(1, int(np.median(times[len(times) // 2 :])))


def calls_per_block(usual_ns: int, block_ns: int) -> int:
    """How many calls fill a block: at least 3, so that one interrupted call is outvoted; 1 where calls are slow."""
    fewest = 3 if usual_ns < SLOW_NS else 1
    return max(fewest, min(MOST_CALLS, round(block_ns / usual_ns)))
