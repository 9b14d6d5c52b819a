"""When a training counts as having learned: one definition, for findings, proofs and studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

SIGNIFICANCE = 0.001
# A loss falls still where its last value is below the median of all earlier ones by this share; it is near
# zero below this value.
STILL_FALLING = 0.01
NEAR_ZERO = 0.1


def chance_level(classes: NDArray[np.int64]) -> float:
    """What always giving the commonest class would score."""
    return float(np.bincount(classes - classes.min()).max() / len(classes)) if len(classes) else 0.0


@cache
def above_chance(accuracy: float, chance: float, examples: int) -> bool:
    """Whether an accuracy is more than luck: one-sided binomial test against `chance`, p below 0.001."""
    from scipy import special

    hits = round(accuracy * examples)
    return bool(special.bdtrc(hits - 1, examples, min(max(chance, 0.0), 1.0)) < SIGNIFICANCE)


def learned(accuracy: float, chance: float, examples: int, losses: Sequence[float]) -> bool:
    """Whether a training learned: accuracy significantly above chance, and a loss that falls still or is small.

    Args:
        accuracy: the last, on the training examples.
        chance: the share of the commonest class among them.
        examples: how many they are.
        losses: after each epoch, in order; one that is not finite means not learned.
    """
    if not losses or not all(map(math.isfinite, losses)) or not above_chance(accuracy, chance, examples):
        return False
    *earlier, last = losses
    return not earlier or last < (1 - STILL_FALLING) * median(earlier) or last < NEAR_ZERO
