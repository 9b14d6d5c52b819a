"""What a runtime gave against what it should give."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.runtimes.vectors import Bundle

TOLERANCE = 1e-4  # of the outputs' spread, as between Keras and an export


def array_of(told: Mapping[str, Any]) -> NDArray[Any]:
    """An output as JavaScript tells it: its type, sizes and little-endian bytes in base64."""
    values = np.frombuffer(base64.b64decode(told["data"]), dtype=np.dtype(told["type"]).newbyteorder("<"))
    return values.reshape(told["dims"])


def difference(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """The largest difference as a share of the expected values' spread (absolute where they have none).

    Infinite where the shapes or types differ, or one is NaN or infinite where the other is not; numbers that are no
    floats have to be equal.
    """
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return float("inf")
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(expected, found) else float("inf")
    ours, theirs = expected.astype(np.float64), found.astype(np.float64)
    finite = np.isfinite(ours)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True) or not np.isfinite(theirs[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    largest = float(np.abs(ours[finite] - theirs[finite]).max())
    return largest / (float(ours[finite].std()) or 1.0)


def differences(bundle: Bundle, answer: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """The difference of each output of each set, by names such as `test_data_set_0 scores`."""
    return {
        f"{each.name} {name}": difference(expected, array_of(told))
        for each, outputs in zip(bundle.sets, answer, strict=True)
        for name, expected, told in zip(bundle.output_names, each.outputs, outputs, strict=True)
    }
