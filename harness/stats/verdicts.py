"""Where an interval and its p-value become a verdict: on a speed, an accuracy, a bound, or nothing that can be said."""

from __future__ import annotations

import math
from typing import Literal

from harness.stats.intervals import CONFIDENCE, Interval

Verdict = Literal["faster", "slower", "equivalent", "inconclusive"]
Preference = Literal["better", "worse", "inconclusive"]
Decision = Literal["pass", "fail", "can't tell"]


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


def preference(difference: float, adjusted_p: float) -> Preference:
    """What a difference in accuracy, new minus old, allows to say: it needs a corrected p-value of at most 5 %."""
    if adjusted_p > 1 - CONFIDENCE:
        return "inconclusive"
    return "better" if difference > 0 else "worse"


def decide(low: float, high: float, *, least: float = -math.inf, most: float = math.inf) -> Decision:
    """Whether a value with the interval from `low` to `high` is from `least` to `most`, as far as that can be told.

    The whole interval inside is a pass, the whole interval beyond one of the bounds a failure.
    """
    if least <= low and high <= most:
        return "pass"
    if high < least or most < low:
        return "fail"
    return "can't tell"
