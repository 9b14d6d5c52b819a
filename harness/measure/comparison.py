"""Rows of a measurement against each other: how much faster, how sure that is, and what it allows to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness import stats
from harness.records import Record
from harness.spec import Mode

if TYPE_CHECKING:
    from harness.measure.row import MeasuredRow

    Pair = tuple[MeasuredRow, MeasuredRow]


class Comparison(Record):
    """A candidate against a baseline. `speedup` above 1: the candidate is faster.

    `p_value` tests a speed-up of 1; `p_adjusted` is corrected for all comparisons made together. The verdict is
    `invalid` where a row failed, and `inconclusive` without a launch that measured both; the numbers are None then.
    Bounds are None when unbounded.
    """

    baseline: int
    candidate: int
    batch: int
    mode: Mode
    speedup: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    launches: int = 0
    verdict: stats.Verdict | Literal["invalid"]


def judge(pairs: Sequence[Pair], margin: float) -> tuple[Comparison, ...]:
    """Compare (baseline, candidate) rows, corrected together; a row that failed is no comparison to correct for."""
    judged = iter(_judged([pair for pair in pairs if not _failed(pair)], margin))
    return tuple(Comparison(**_names(pair), verdict="invalid") if _failed(pair) else next(judged) for pair in pairs)


def _failed(pair: Pair) -> bool:
    return any(row.error is not None for row in pair)


def _names(pair: Pair) -> dict[str, Any]:
    baseline, candidate = pair
    return {
        "baseline": baseline.model,
        "candidate": candidate.model,
        "batch": baseline.batch,
        "mode": baseline.mode,
    }


def _judged(pairs: Sequence[Pair], margin: float) -> list[Comparison]:
    ratios = [baseline.log_ratios(candidate) for baseline, candidate in pairs]
    intervals = [stats.sequential_interval(each) for each in ratios]
    adjusted = stats.holm([interval.p_value for interval in intervals])
    found = zip(pairs, intervals, adjusted, map(len, ratios), strict=True)
    return [_comparison(pair, interval, (p, launches), margin) for pair, interval, p, launches in found]


def _comparison(pair: Pair, interval: stats.Interval, known: tuple[float, int], margin: float) -> Comparison:
    """`known` are the adjusted p-value, and how many launches measured both."""
    adjusted, launches = known
    bounded = bool(np.isfinite(interval.low))
    return Comparison(
        **_names(pair),
        speedup=math.exp(interval.estimate) if launches else None,
        ci_low=math.exp(interval.low) if bounded else None,
        ci_high=math.exp(interval.high) if bounded else None,
        p_value=interval.p_value if bounded else None,
        p_adjusted=adjusted if bounded else None,
        launches=launches,
        verdict=stats.verdict(interval, adjusted, margin),
    )
