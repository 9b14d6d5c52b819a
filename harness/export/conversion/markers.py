"""Marks that keep a variable of zeros in the graph while it is converted.

TensorFlow's optimizer drops `x + 0` and merges equal constants. A layer whose bias happens to be all zeros (a fresh
network, or one that never learned) would so get another graph, and other kernels, than the same layer trained. While
it is converted, such a variable starts with a tiny number of its own instead of a zero; `RestoreZeros` puts the zero
back. A mark is about as large as the one before it, or four times as large, so that the offset of a
BatchNormalization, beta less the scaled mean, is not zero either. Numbers in the marked range are smaller than 1e-37,
so no output can tell them from zero. The smallest normal number itself is no mark, since Keras's argmax uses it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SMALLEST = 2.0**-126
LIMIT = 2.0**-123
STEP = 2.0**-149
APART = 4.0
MARKED_TYPES = ("float32", "float64")


def marked(shape: Sequence[int], dtype: str, index: int) -> NDArray[np.floating]:
    """Zeros of that shape, of which the first is the mark number `index` (0 to 8,388,607)."""
    values = np.zeros(shape, dtype)
    values.flat[0] = (SMALLEST + (index // 2 + 1) * STEP) * APART ** (index % 2)
    return values


def without_marks(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """The values, with zero in place of every number in the marked range."""
    sizes = np.abs(values)
    return np.where((sizes > SMALLEST) & (sizes <= LIMIT), np.zeros_like(values), values)
