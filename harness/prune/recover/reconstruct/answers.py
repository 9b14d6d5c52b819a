"""The last kernel of a classifier, solved by what the original answers instead of by its logits.

Least squares spends itself on logits of classes that are out of the question. The cross-entropy with the original's
probabilities asks what matters, and is convex in the last kernel: it has one best solution, found from unlabelled
examples without a learning rate, from wherever one starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base import blas
from harness.prune.recover.reconstruct.designs.linear import Array

Floats = npt.NDArray[np.float64]

RIDGES = (1e-1, 1e-2, 1e-3)
FOLDS = 5  # each is judged by what the others give
MOST_UNKNOWNS = 100_000
MOST_VALUES = 2**24  # of all rows together
MOST_STEPS = 100
ENOUGH = 1e-6  # of the divergence: a step that wins less is the last, and another answer is no longer given
STOP = {"maxiter": MOST_STEPS, "ftol": ENOUGH}


@dataclass(frozen=True)
class Refined:
    """A matrix (columns + 1, outputs), the bias in its last row, and its ridge.

    `before` and `after` are the shares of rows at which the likeliest class is the original's: by the matrix that was
    there, and by those that the other rows give.
    """

    matrix: Floats
    ridge: float
    before: float
    after: float


@dataclass
class Answers:
    """Rows of what the last layer reads, and the original's logits there, batch by batch."""

    parts: list[tuple[Array, Array]] = field(default_factory=list)

    @staticmethod
    def fits(shape: tuple[int, int, int], rows: int) -> bool:
        """Whether a matrix of this shape, (blocks, columns, outputs), can be solved so from so many rows."""
        blocks, columns, outputs = shape
        return blocks == 1 < outputs and columns * outputs <= MOST_UNKNOWNS and rows * columns <= MOST_VALUES

    def add(self, design: Array, logits: Array) -> None:
        """More rows: (rows, 1, columns) and (rows, 1, outputs)."""
        self.parts.append((design[:, 0], logits[:, 0]))

    @blas.one_thread()
    def refine(self, near: Floats, *, bias: bool) -> Refined | None:
        """The matrix whose answers are nearest to the original's, drawn to `near`; None where that brings nothing.

        The ridge is the one that agrees most often on rows that the matrix was not found from. The divergence itself
        would choose too strong a ridge: what is right more often is also more often wrong with confidence.
        """
        everything = _Rows.of(self.parts)
        agreed = dict.fromkeys(RIDGES, 0)
        for fold in range(min(FOLDS, len(self.parts))):
            found, judged = near, _Rows.of(self.parts[fold::FOLDS])
            others = [part for number, part in enumerate(self.parts) if number % FOLDS != fold]
            if not others:
                return None
            rows = _Rows.of(others)
            for ridge in RIDGES:  # each starts from the one before
                found = rows.solved(near, found, ridge, bias)
                agreed[ridge] += judged.agreed(found)
        before, best = everything.agreed(near), max(agreed, key=lambda ridge: agreed[ridge])
        if agreed[best] <= before:
            return None
        matrix, count = everything.solved(near, near, best, bias), len(everything.design)
        return Refined(matrix, best, before / count, agreed[best] / count) if np.isfinite(matrix).all() else None


@dataclass(frozen=True)
class _Rows:
    """Rows with a column of ones, (rows, columns + 1), and the original's log-probabilities, (rows, outputs)."""

    design: Floats
    wanted: Floats

    @classmethod
    def of(cls, parts: list[tuple[Array, Array]]) -> _Rows:
        design = np.concatenate([part for part, _ in parts]).astype(np.float64)
        logits = np.concatenate([part for _, part in parts]).astype(np.float64)
        return cls(np.concatenate([design, np.ones((len(design), 1))], axis=1), _log_softmax(logits))

    def agreed(self, matrix: Floats) -> int:
        """At how many rows a matrix's likeliest class is the original's."""
        return int(((self.design @ matrix).argmax(axis=1) == self.wanted.argmax(axis=1)).sum())

    def solved(self, near: Floats, start: Floats, ridge: float, bias: bool) -> Floats:
        """The matrix of the least divergence and ridge; the latter in units of the columns' mean energy."""
        from scipy.optimize import minimize

        shares, free = np.exp(self.wanted), np.ones((len(near), 1))
        weight = np.full((len(near), 1), ridge * np.square(self.design[:, :-1]).mean())
        weight[-1], free[-1] = 0.0, float(bias)

        def loss(flat: Floats) -> tuple[float, Floats]:
            matrix = flat.reshape(near.shape)
            found = _log_softmax(self.design @ matrix)
            gradient = self.design.T @ (np.exp(found) - shares) / len(found) + weight * (matrix - near)
            value = -(shares * found).sum(axis=1).mean() + 0.5 * (weight * np.square(matrix - near)).sum()
            return float(value), (free * gradient).ravel()

        done: Any = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=STOP)
        matrix: Floats = done.x.reshape(near.shape)
        return matrix


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
