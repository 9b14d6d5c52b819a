"""What test examples and training seeds say together.

Two things are sampled: the test examples, shared by all seeds, and the trainings. The variance of a mean over both is
taken as V = V_examples + V_seeds, with the degrees of freedom of Welch and Satterthwaite. With one seed only the
examples are sampled, and nothing is said about another training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from harness import stats
from harness.compare.answers import Interval


def accuracy_over_seeds(corrects: Sequence[str], these_seeds: bool = False) -> Interval:
    """Mean accuracy over seeds, as a fraction.

    With one seed the interval is Wilson's. With more it is Wilson's at the effective sample size n = p (1 - p) / V,
    never more than the number of examples, as for clustered samples (Korn and Graubard, Survey Methodology 24, 1998).

    Args:
        corrects: one string a seed, one character an example in test order, `1` where the answer was right.
        these_seeds: the interval is for these trainings on other examples, not for other trainings.
    """
    if len(corrects) == 1:
        right, examples = corrects[0].count("1"), len(corrects[0])
        low, high = stats.wilson(right, examples)
        return Interval(value=right / examples, low=low, high=high)
    hits = hits_of(corrects)
    seeds, examples = hits.shape
    mean = float(hits.mean())
    in_examples = float(hits.mean(axis=0).var()) / examples
    in_seeds = 0.0 if these_seeds else float(hits.mean(axis=1).var(ddof=1)) / seeds
    variance = in_examples + in_seeds
    effective = min(examples, mean * (1 - mean) / variance) if variance > 0 else float(examples)
    low, high = _wilson(mean, effective, _quantile(in_examples, examples - 1, in_seeds, seeds - 1))
    return Interval(value=mean, low=low, high=high)


def difference(ours: Sequence[str], theirs: Sequence[str], paired_seeds: bool) -> Interval:
    """Our mean accuracy minus theirs, as `tested_difference` finds it; each pair is computed once."""
    return _difference(tuple(ours), tuple(theirs), paired_seeds)


@lru_cache(maxsize=1 << 16)
def _difference(ours: tuple[str, ...], theirs: tuple[str, ...], paired_seeds: bool) -> Interval:
    if len(ours) == len(theirs) == 1 and len(ours[0]) == len(theirs[0]):
        pair = paired(ours[0], theirs[0])
        return Interval(value=pair.difference, low=pair.low, high=pair.high)
    found = tested_difference(ours, theirs, paired_seeds, these_seeds=False)
    return Interval(value=found.estimate, low=found.low, high=found.high)


def paired(ours: str, theirs: str) -> stats.PairedProportions:
    """One seed's answers against another's to the same examples, one `1` or `0` each: how they differ, and the test."""
    (mine, own), (other, others) = _bits(ours), _bits(theirs)
    both = (mine & other).bit_count()
    return stats.paired_counts(both, (others - both, own - both), len(ours))


def tested_difference(
    ours: Sequence[str], theirs: Sequence[str], paired_seeds: bool, these_seeds: bool
) -> stats.Interval:
    """Our mean accuracy minus theirs, as a fraction, on the same examples in the same order.

    Over examples the difference is always paired. With one seed each, the interval is Newcombe's for paired
    proportions and the test McNemar's. With more, one example that tells for and one that tells against are added, each
    with half a weight, so that no discordant example does not mean no doubt (Agresti and Min, Statistics in Medicine
    24, 2005).

    Args:
        ours: one string of `1` and `0` a seed.
        theirs: the same.
        paired_seeds: the two come from the same trainings, seed by seed: their differences are the sample.
        these_seeds: it is about these trainings on other examples, not about other trainings.
    """
    a, b = hits_of(ours), hits_of(theirs)
    if len(a) == len(b) == 1:
        pair = stats.paired_proportions(b[0], a[0])
        return stats.Interval(pair.difference, pair.low, pair.high, pair.p_value)
    (our_examples, our_seeds), (their_examples, their_seeds) = _shares(tuple(ours)), _shares(tuple(theirs))
    by_example, examples = our_examples - their_examples, a.shape[1]
    total, mean = examples + 2, float(by_example.mean())
    in_examples = max(0.0, (float(by_example @ by_example) + 1) / total - mean**2) / total
    spreads = [our_seeds - their_seeds] if paired_seeds else [our_seeds, their_seeds]
    varying = [values for values in spreads if len(values) > 1 and not these_seeds]
    in_seeds = sum(float(values.var(ddof=1)) / len(values) for values in varying)
    seed_freedom = sum(len(values) - 1 for values in spreads)
    error = math.sqrt(in_examples + in_seeds)
    freedom = _freedom(in_examples, examples - 1, in_seeds, seed_freedom)
    half = _quantile_at(freedom) * error
    return stats.Interval(mean, max(-1.0, mean - half), min(1.0, mean + half), _p_value(mean, error, freedom))


def contrast(corrects: Sequence[Sequence[str]], weights: Sequence[float]) -> Interval:
    """The sum of weight times mean accuracy over independent groups of trainings, on the same examples.

    With the weights 1 and -1 it is the difference of two groups. The variance is taken over examples, on each of which
    the groups are compared, and over the seeds of every group.

    Args:
        corrects: for each group one string of `1` and `0` a seed, all for the same examples in the same order.
        weights: one for each group.
    """
    groups = [(hits_of(own), weight) for own, weight in zip(corrects, weights, strict=True) if weight]
    by_example = sum((weight * hits.mean(axis=0) for hits, weight in groups), np.zeros(1))
    in_examples = float(by_example.var()) / by_example.size
    in_seeds, freedom = 0.0, 0
    for hits, weight in groups:
        if len(hits) > 1:
            in_seeds += weight**2 * float(hits.mean(axis=1).var(ddof=1)) / len(hits)
            freedom += len(hits) - 1
    half = _quantile(in_examples, by_example.size - 1, in_seeds, freedom) * math.sqrt(in_examples + in_seeds)
    mean = float(by_example.mean())
    return Interval(value=mean, low=mean - half, high=mean + half)


def hits_of(corrects: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which answers were right, bool (seeds, examples); not to be written to.

    Raises:
        ValueError: the seeds were not judged on as many examples.
    """
    return _hits_of(tuple(corrects))


@lru_cache(maxsize=1 << 13)
def _shares(corrects: tuple[str, ...]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The share of right answers, over the seeds of each example and over the examples of each seed."""
    hits = hits_of(corrects)
    return hits.mean(axis=0), hits.mean(axis=1)


@lru_cache(maxsize=1 << 15)
def _bits(correct: str) -> tuple[int, int]:
    """One seed's answers as the bits of a number, of which two are compared at once; and how many were right."""
    return int(correct, 2), correct.count("1")


@lru_cache(maxsize=1 << 15)
def _hits_of(corrects: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    letters = np.frombuffer("".join(corrects).encode(), np.uint8)
    hits: npt.NDArray[np.bool_] = letters.reshape(len(corrects), len(corrects[0])) == ord("1")
    hits.flags.writeable = False
    return hits


def _wilson(share: float, examples: float, quantile: float) -> tuple[float, float]:
    z2 = quantile**2 / examples
    centre = (share + z2 / 2) / (1 + z2)
    half = math.sqrt(share * (1 - share) * z2 + z2**2 / 4) / (1 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)


def _quantile(in_examples: float, example_freedom: int, in_seeds: float, seed_freedom: int) -> float:
    """Student's quantile at the pooled degrees of freedom; the normal one where the seeds don't differ."""
    return _quantile_at(_freedom(in_examples, example_freedom, in_seeds, seed_freedom))


def _freedom(in_examples: float, example_freedom: int, in_seeds: float, seed_freedom: int) -> float | None:
    """The pooled degrees of freedom; None where the seeds don't differ, which leaves the normal distribution."""
    if in_seeds <= 0:
        return None
    parts = in_examples**2 / max(1, example_freedom) + in_seeds**2 / max(1, seed_freedom)
    return float((in_examples + in_seeds) ** 2 / parts)


def _quantile_at(freedom: float | None) -> float:
    from scipy import special

    level = (1 + stats.CONFIDENCE) / 2
    return float(special.ndtri(level) if freedom is None else special.stdtrit(freedom, level))


def _p_value(mean: float, error: float, freedom: float | None) -> float:
    """Two-sided, against no difference."""
    from scipy import special

    if not error:
        return 1.0 if not mean else 0.0
    below = -abs(mean) / error
    return float(2 * (special.ndtr(below) if freedom is None else special.stdtr(freedom, below)))
