"""Least squares from sums alone: normal equations that are added up batch by batch, and the ridge that holds best.

The solution is sought near a kernel that is there already: the ridge draws towards it, not towards zero, so that with
few rows little changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
RIDGES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of the mean diagonal of the equations


@dataclass
class Equations:
    """Sums over rows, for each block: of columns with columns, of columns with the wanted outputs, of their squares.

    The last column is the bias's, of ones. Float64, whatever came in.
    """

    gram: Array
    moment: Array
    energy: Array
    rows: int = 0

    @classmethod
    def empty(cls, blocks: int, columns: int, outputs: int) -> Equations:
        """No rows yet; `columns` without the bias's."""
        return cls(
            np.zeros((blocks, columns + 1, columns + 1)), np.zeros((blocks, columns + 1, outputs)), np.zeros(blocks)
        )

    def add(self, design: Array, wanted: Array) -> None:
        """More rows: (rows, blocks, columns), and what should come of them, (rows, blocks, outputs)."""
        ones = np.ones((*design.shape[:2], 1), design.dtype)
        columns = np.ascontiguousarray(np.concatenate([design, ones], axis=2).swapaxes(0, 1))
        outputs = np.ascontiguousarray(wanted.swapaxes(0, 1))
        self.gram += columns.swapaxes(1, 2) @ columns
        self.moment += columns.swapaxes(1, 2) @ outputs
        self.energy += np.square(outputs, dtype=np.float64).sum(axis=(1, 2))
        self.rows += len(design)

    def __add__(self, other: Equations) -> Equations:
        return Equations(
            self.gram + other.gram, self.moment + other.moment, self.energy + other.energy, self.rows + other.rows
        )

    def error(self, matrix: Array) -> float:
        """The sum of squares of what a matrix, (blocks, columns + 1, outputs), misses."""
        made = (matrix * (self.gram @ matrix)).sum() - 2 * (matrix * self.moment).sum()
        return max(0.0, float(made + self.energy.sum()))

    def solved(self, near: Array, ridge: float, *, bias: bool) -> Array:
        """The matrix that misses least, with a ridge towards `near`; without a bias, its row stays as it is.

        Raises:
            numpy.linalg.LinAlgError: the equations are not those of finite numbers.
        """
        from scipy import linalg

        size = self.gram.shape[1] if bias else self.gram.shape[1] - 1
        found = near.astype(np.float64).copy()
        for block, (gram, moment) in enumerate(zip(self.gram, self.moment, strict=True)):
            missing = (moment - gram @ near[block])[:size]
            diagonal = gram.diagonal()[:size]
            scale = float(diagonal.mean()) or 1.0
            left = gram[:size, :size] + np.diag(np.full(size, ridge * scale))
            found[block, :size] += linalg.solve(left, missing, assume_a="pos")
        return found


@dataclass
class Fit:
    """Equations of most images, and of the few that the ridge is judged by."""

    most: Equations
    few: Equations
    errors: dict[float, float] = field(default_factory=dict)

    def solve(self, near: Array, *, bias: bool) -> tuple[Array, float | None]:
        """The matrix with the ridge that errs least on the few, from all rows, and that ridge.

        None, and the matrix as it was, where no ridge does better than that.
        """
        self.errors = {ridge: self.few.error(self.most.solved(near, ridge, bias=bias)) for ridge in RIDGES}
        best = min(self.errors, key=lambda ridge: self.errors[ridge])
        if self.errors[best] >= self.few.error(near):
            return near, None
        return (self.most + self.few).solved(near, best, bias=bias), best
