"""Labels: how they encode classes, and as an array in the shape that a loss wants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.question.losses import Loss


@dataclass(frozen=True)
class Labels:
    """Labels as they were given. `encoding` is None where they are no labels of classes.

    `one-hot` are rows with a number for each class that sum to 1, also soft ones as mixing or smoothing makes them;
    `multi-hot` are rows of numbers from 0 to 1 that don't. `classes` is int64 (N,), the class of each example, or the
    likeliest one of a soft row; None where there isn't one class.
    """

    encoding: Literal["integer", "one-hot", "multi-hot"] | None
    classes: NDArray[np.int64] | None


def read_labels(labels: NDArray[Any], loss: Loss) -> Labels:
    """Tell class numbers, (N,) or (N, 1), from rows with a number for each class, (N, ..., K)."""
    if labels.dtype.kind not in "buif":
        return Labels(None, None)
    if loss.takes_signs and np.isin(labels, (-1, 1)).all():
        labels = (labels > 0).astype(np.int64)
    if math.prod(labels.shape[1:]) == 1:
        flat = labels.reshape(-1)
        whole = bool(np.all(np.isfinite(flat))) and bool(np.all(flat == np.floor(flat)))
        return Labels("integer", flat.astype(np.int64)) if whole else Labels(None, None)
    rows = labels.reshape(len(labels), -1)
    if not ((rows >= 0) & (rows <= 1)).all():
        return Labels(None, None)
    if np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        return Labels("one-hot", rows.argmax(axis=1).astype(np.int64))
    return Labels("multi-hot", None)


def targets_for(loss: Loss, labels: NDArray[Any], read: Labels, output_shape: tuple[int, ...]) -> NDArray[Any]:
    """Labels as the loss wants them, whichever way they were encoded.

    `output_shape` is that of the network, for one example: (..., classes).

    Returns:
        (N, ...) class numbers for `sparse`; (N, ..., classes) one-hot for `categorical`; the output's shape else. The
        labels as they are for `custom`.
    """
    *positions, width = output_shape
    if loss.kind == "custom":
        return labels
    if read.classes is None:
        return labels.astype(np.float32).reshape((-1, *output_shape))
    if loss.kind == "sparse":
        return read.classes.reshape((-1, *positions))
    if width == 1:
        return read.classes.astype(np.float32).reshape((-1, *output_shape))
    return np.eye(width, dtype=np.float32)[read.classes].reshape((-1, *output_shape))
