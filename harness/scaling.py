"""Whether a trained network was trained on pixels of another scale than it is given."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from harness import stats
from harness.data import Dataset
from harness.stages import right_in_keras

MOST_EXAMPLES = 256
SIGNIFICANCE = 0.001


def better_scale(model: Any, dataset: Dataset, scale: Literal["unit", "raw"]) -> str | None:
    """Advice in one line where the network answers far better on pixels of the other scale; None where it doesn't.

    Both are tried on the same test examples; a difference counts where an exact paired test has p below 0.001, which a
    network that was never trained does not show.
    """
    images, labels = dataset.test_images[:MOST_EXAMPLES], dataset.test_labels[:MOST_EXAMPLES]
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 255:
        return None
    small = high <= 1
    as_given = right_in_keras(model, images, labels)
    otherwise = right_in_keras(model, images * np.float32(255 if small else 1 / 255), labels)
    found = stats.paired_proportions(as_given, otherwise)
    if otherwise.sum() <= as_given.sum() or found.p_value >= SIGNIFICANCE:
        return None
    ranges = ("0 to 255", "0 to 1") if small else ("0 to 1", "0 to 255")
    wanted = "raw" if small else "unit"
    cure = f"give --scale {wanted}, or data.scale = '{wanted}' in a study"
    if scale == wanted:  # and they are stored so: raw pixels from 0 to 1
        cure = "store pixels from 0 to 255"
    return (
        f"with values from {ranges[0]} it gets {otherwise.mean():.0%} of {len(labels)} test examples right, with these "
        f"from {ranges[1]} {as_given.mean():.0%}; {cure}"
    )
