"""Whether a classifier takes values of another scale than it is given, by its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness import stats

MOST_EXAMPLES = 64
SIGNIFICANCE = 0.001
Scale = Literal["unit", "raw"]


def answers_otherwise(
    right: Callable[[NDArray[Any]], NDArray[np.bool_]], images: NDArray[Any], scale: Scale
) -> str | None:
    """Advice in one line where far more is right of the same images on the other scale (p below 0.001); else None.

    `right` says which answers to images (N, ...) are right; `scale` is how the data is taken now. Nothing is said of
    values below 0 or above 255.
    """
    if float(images.min()) < 0 or float(images.max()) > 255:
        return None
    small = float(images.max()) <= 1
    as_given, otherwise = right(images), right(images * np.float32(255 if small else 1 / 255))
    found = stats.paired_proportions(as_given, otherwise)
    if otherwise.sum() <= as_given.sum() or found.p_value >= SIGNIFICANCE:
        return None
    ranges = ("0 to 255", "0 to 1") if small else ("0 to 1", "0 to 255")
    return (
        f"with values from {ranges[0]} it gets {otherwise.mean():.0%} of {len(images)} test examples right, with these "
        f"from {ranges[1]} {as_given.mean():.0%}; {cure('raw' if small else 'unit', scale)}"
    )


def cure(wanted: Scale, given: Scale) -> str:
    """What to do for the data to be on the scale that is wanted."""
    if wanted == given:  # raw, and stored from 0 to 1
        return "store pixels from 0 to 255"
    return f"give --scale {wanted}, or data.scale = '{wanted}' in a study"
