"""How far apart two graphs come out, over several runs, and whether that can be told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.prune.onnx.graph.graph import Array

TELLING = 1e-4  # masks and inputs must change the outputs by this share of their spread, or the trial says nothing
Runs = Sequence[Sequence[Array]]  # of each run, its outputs


def relative_difference(expected: Runs, found: Runs) -> float:
    """The largest absolute difference over the standard deviation of what was expected in all runs, the worst output.

    Infinite where shapes differ or where not the same values are finite; any difference at all where nothing is spread.
    """
    worst = 0.0
    for expected_runs, found_runs in zip(zip(*expected, strict=True), zip(*found, strict=True), strict=True):
        if any(a.shape != b.shape for a, b in zip(expected_runs, found_runs, strict=True)):
            return float("inf")
        a, b = _joined(expected_runs), _joined(found_runs)
        finite = np.isfinite(a)
        if not (finite == np.isfinite(b)).all():
            return float("inf")
        largest = float(np.abs(a[finite] - b[finite]).max(initial=0.0))
        if largest:
            worst = max(worst, largest / (float(a[finite].std()) or 1e-300))
    return worst


def vary(runs: Runs) -> bool:
    """Whether outputs differ between runs of equal shapes, by more than rounding, and are finite."""
    for outputs in zip(*runs, strict=True):
        if not all(np.isfinite(each).all() for each in outputs):
            return False
        pairs = [(a, b) for a, b in zip(outputs[::2], outputs[1::2], strict=False) if a.shape == b.shape and a.size]
        if pairs and max(float(np.abs(a - b).max()) for a, b in pairs) <= TELLING * float(_joined(outputs).std()):
            return False
    return True


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.asarray(each, np.float64).ravel() for each in arrays] or [np.zeros(0)])
