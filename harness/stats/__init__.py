"""Statistics of paired measurements and of proportions: pure functions on numbers.

`intervals` are of means, `sequential` of measurements that stop once they know enough; `proportions` are of shares,
`percentiles` of tails; `multiple_tests` corrects for many, and `verdicts` says what follows from an interval and a
p-value. From outside, import from `harness.stats` itself, and `learned`: when a training counts as having learned.
"""

from harness.stats.intervals import CONFIDENCE, Interval, t_interval, t_interval_of_difference
from harness.stats.multiple_tests import holm
from harness.stats.percentiles import independent_samples, samples_for_percentile
from harness.stats.proportions import (
    PairedProportions,
    fisher,
    linear_of_shares,
    paired_bounds,
    paired_counts,
    paired_proportions,
    wilson,
)
from harness.stats.sample import deviation, median, median_error, medians, medians_of_known, trend
from harness.stats.sequential import (
    MINIMUM_LAUNCHES,
    PEEKING,
    TRIMMED_SHARE,
    look_confidence,
    look_interval,
    next_look,
    precise_enough,
    sequential_difference,
    sequential_interval,
    shared_reach,
)
from harness.stats.verdicts import Decision, Preference, Verdict, decide, preference, verdict

__all__ = [
    "CONFIDENCE",
    "MINIMUM_LAUNCHES",
    "PEEKING",
    "TRIMMED_SHARE",
    "Decision",
    "Interval",
    "PairedProportions",
    "Preference",
    "Verdict",
    "decide",
    "deviation",
    "fisher",
    "holm",
    "independent_samples",
    "linear_of_shares",
    "look_confidence",
    "look_interval",
    "median",
    "median_error",
    "medians",
    "medians_of_known",
    "next_look",
    "paired_bounds",
    "paired_counts",
    "paired_proportions",
    "precise_enough",
    "preference",
    "samples_for_percentile",
    "sequential_difference",
    "sequential_interval",
    "shared_reach",
    "t_interval",
    "t_interval_of_difference",
    "trend",
    "verdict",
    "wilson",
]
