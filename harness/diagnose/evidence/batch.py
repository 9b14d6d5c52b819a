"""The examples that a diagnosis looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.question.labels import Labels, targets_for
from harness.diagnose.question.question import Question


@dataclass(frozen=True)
class Batch:
    """The examples looked at: images (B, ...), targets as the loss wants them, classes int64 (B,) or None."""

    images: NDArray[np.float32]
    targets: NDArray[Any]
    classes: NDArray[np.int64] | None


def draw(question: Question, labels: Labels, size: int) -> Batch:
    """So many examples at random, always the same ones for the same data."""
    chosen = np.random.default_rng(0).permutation(len(question.images))[:size]
    targets = targets_for(question.loss, question.labels, labels, question.output_shape)
    return Batch(
        images=np.asarray(question.images[chosen], dtype=np.float32),
        targets=targets[chosen],
        classes=None if labels.classes is None else labels.classes[chosen],
    )
