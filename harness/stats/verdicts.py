"""Where an interval and its p-value become a verdict on a speed or an accuracy, or nothing that can be said."""

from __future__ import annotations

import math
from typing import Literal

from harness.stats.intervals import CONFIDENCE, Interval

Verdict = Literal["faster", "slower", "equivalent", "inconclusive"]
Preference = Literal["better", "worse", "inconclusive"]


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
