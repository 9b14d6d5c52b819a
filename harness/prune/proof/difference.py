"""How far apart outputs are, and whether that can be told."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from harness.prune.keras_graph.logits import Value

TELLING = 1e-4  # masks and inputs must change the logits by this share of their spread, or the trial says nothing


def relative_difference(expected: Sequence[Value], found: Sequence[Value]) -> float:
    """The largest absolute difference over the standard deviation of what was expected, the worst of all arrays.

    Infinite where shapes differ or a value is not finite; where nothing is spread, any difference at all.
    """
    worst = 0.0
    for one, other in zip(expected, found, strict=True):
        a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return float("inf")
        largest = float(np.abs(a - b).max(initial=0.0))
        if largest:
            worst = max(worst, largest / (float(a.std()) or 1e-300))
    return worst


def varies(outputs: Value) -> bool:
    """Whether the outputs differ between examples, by more than rounding."""
    return bool(np.ptp(outputs, axis=0).max(initial=0.0) > TELLING * outputs.std()) and bool(np.isfinite(outputs).all())


def has_float64() -> bool:
    """Whether the backend computes in float64 when asked; JAX does only with JAX_ENABLE_X64=1."""
    return "float64" in str(keras.ops.zeros(1, "float64").dtype)
