"""Which solution is written: the one whose ridge errs least on images that it was not found from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.prune.recover.reconstruct.designs.linear import UnsolvableError
from harness.prune.recover.reconstruct.least_squares import Equations, Solver, Stack, Sums

Array = npt.NDArray[Any]
RIDGES = (1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1e4)
MOST_SUMS_BYTES = 256 * 2**20  # of the normal equations; where they would be larger, the rows are kept instead
MOST_STACK_BYTES = 256 * 2**20
EXACT = 1e-11  # of the wanted outputs' squares: what is missed by less is rounding
ROWS = 20_000
ROWS_A_COLUMN = 20


@dataclass(frozen=True)
class Choice:
    """A matrix to write, and its ridge: None where nothing did better than the one that was there.

    `before` and `after` are the shares of the wanted outputs' squares that are missed on the images for judging, by the
    matrix that was there, and by the one that the other images give with this ridge.
    """

    matrix: Array
    ridge: float | None
    before: float
    after: float


class Fit:
    """Equations of most images, and of the few that the ridge is judged by."""

    def __init__(self, shape: tuple[int, int, int], available: int) -> None:
        """For a matrix of this shape without its bias, from at most so many rows."""
        kind: type[Equations] = Sums if self.summed(shape, available) else Stack
        self.most, self.few = kind(*shape), kind(*shape)

    @staticmethod
    def summed(shape: tuple[int, int, int], available: int) -> bool:
        """Whether the rows are added up at once."""
        blocks, columns, _ = shape
        return available > columns and 8 * blocks * columns**2 <= MOST_SUMS_BYTES

    @staticmethod
    def most_rows(shape: tuple[int, int, int]) -> int:
        """How many rows are enough."""
        blocks, columns, _ = shape
        enough = max(ROWS, ROWS_A_COLUMN * columns)
        summed = 8 * blocks * columns**2 <= MOST_SUMS_BYTES
        return enough if summed else min(enough, max(1, MOST_STACK_BYTES // (4 * blocks * columns)))

    def choose(self, near: Array, *, bias: bool) -> Choice:
        """The matrix for all rows, with the ridge that errs least on the few when found from most.

        Raises:
            UnsolvableError: the equations are not of finite numbers.
        """
        before = self.few.error(near)
        solved = self.most.solver(near, bias=bias)
        errors = {ridge: self._error(solved, ridge) for ridge in RIDGES}
        best = min(errors, key=lambda ridge: errors[ridge])
        if not np.isfinite([before, errors[best]]).all():
            raise UnsolvableError("its equations are not of finite numbers")
        total = self.few.energy or 1.0
        if not errors[best] < before or before <= EXACT * total:
            return Choice(near, None, before / total, before / total)
        return Choice(self._from_all(near, best, bias), best, before / total, errors[best] / total)

    def _from_all(self, near: Array, ridge: float, bias: bool) -> Array:
        try:
            return self.all.solver(near, bias=bias)(ridge)
        except np.linalg.LinAlgError:
            return self.most.solver(near, bias=bias)(ridge)

    @property
    def all(self) -> Equations:
        """The equations of all images."""
        return self.most.with_all(self.few)

    def _error(self, solved: Solver, ridge: float) -> float:
        """What the few images miss; infinite where rounding decides."""
        try:
            error = self.few.error(solved(ridge))
        except np.linalg.LinAlgError:
            return float("inf")
        return error if np.isfinite(error) else float("inf")
