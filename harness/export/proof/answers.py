"""What a network answers, and how often that is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.predicted import LOGIT, PROBABILITY, answered
from harness.records import TestAccuracy

SQUASHING = {"Sigmoid", "HardSigmoid", "Softmax"}  # what they give are probabilities


@dataclass(frozen=True, eq=False)
class Answers:
    """The first output, float64 (N, ..., classes), and the ONNX operation that made it."""

    scores: NDArray[np.float64]
    maker: str

    def accuracy(self, labels: NDArray[Any]) -> TestAccuracy | None:
        """How many are right, by integer labels (N,) or (N, P); None where they are no answers to such labels."""
        if self.scores.ndim < 2 or not np.issubdtype(labels.dtype, np.integer) or not labels.size:
            return None
        if labels.max() >= max(2, self.scores.shape[-1]):
            return None
        best = answered(self.scores, PROBABILITY if self.maker in SQUASHING else LOGIT)
        if best.ndim == 2 and best.shape[1] == 1 and labels.ndim == 1:
            best = best[:, 0]
        if best.shape != labels.shape:
            return None
        hits = np.all((best == labels).reshape(len(labels), -1), axis=1)
        return TestAccuracy(hits=int(hits.sum()), examples=len(labels))
