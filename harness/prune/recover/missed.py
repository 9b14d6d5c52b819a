"""What is missed of a network's outputs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def share_missed(pairs: Iterable[tuple[Array, Array]]) -> float | None:
    """The share of the squares of what is wanted, the first of each pair, that others miss; None where not finite."""
    missed = energy = 0.0
    for wanted, other in pairs:
        missed += float(np.square(wanted.astype(np.float64) - other).sum())
        energy += float(np.square(wanted, dtype=np.float64).sum())
    share = missed / (energy or 1.0)
    return share if math.isfinite(share) else None
