"""Least squares from rows that come batch by batch: normal equations where rows are many, the rows where they are few.

The solution is sought near a matrix that is there already: the ridge draws towards it, not towards zero, so that with
few rows little changes. A free bias is outside of the ridge, since columns and outputs are taken less their means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base import blas

Array = npt.NDArray[Any]
Solver = Callable[[float], Array]
_FEW_BLOCKS = 8


class Equations(ABC):
    """Rows of a design, (rows, blocks, columns), and what should come of them, (rows, blocks, outputs).

    A matrix is (blocks, columns + 1, outputs), the bias in its last row. All sums are in float64.
    """

    def __init__(self, blocks: int, columns: int, outputs: int) -> None:
        """No rows yet, for a matrix of this shape without its bias."""
        self.rows = 0

    @property
    @abstractmethod
    def energy(self) -> float:
        """The sum of squares of what should come."""

    @abstractmethod
    def add(self, design: Array, wanted: Array) -> None:
        """More rows."""

    @abstractmethod
    def error(self, matrix: Array) -> float:
        """The sum of squares of what a matrix misses."""

    @abstractmethod
    def solver(self, near: Array, *, bias: bool) -> Solver:
        """What makes of a ridge the matrix that misses least with it, near `near`, whose bias stays if it is not free.

        The ridge is a share of the columns' mean energy. The solver raises numpy.linalg.LinAlgError where rounding
        decides.
        """

    @abstractmethod
    def moments(self, matrix: Array) -> tuple[Array, Array]:
        """Mean and variance of what a matrix makes of the rows: (blocks, outputs) each."""

    @abstractmethod
    def wanted_moments(self) -> tuple[Array, Array]:
        """Mean and variance of what should come: (blocks, outputs) each."""

    @abstractmethod
    def with_all(self, other: Any) -> Equations:
        """These rows and those of others of the same kind."""


class Sums(Equations):
    """Normal equations: sums over rows of columns with columns, of columns with outputs, of squares."""

    def __init__(self, blocks: int, columns: int, outputs: int) -> None:
        super().__init__(blocks, columns, outputs)
        self._gram = np.zeros((blocks, columns + 1, columns + 1))
        self._moment = np.zeros((blocks, columns + 1, outputs))
        self._square = np.zeros((blocks, outputs))

    @property
    def energy(self) -> float:
        """The sum of squares of what should come."""
        return float(self._square.sum())

    def add(self, design: Array, wanted: Array) -> None:
        """Add their products up."""
        columns = _with_ones(design)
        outputs = wanted.astype(np.float64).swapaxes(0, 1)
        for block in range(len(columns)) if len(columns) <= _FEW_BLOCKS else ():
            self._gram[block] += columns[block].T @ columns[block]
            self._moment[block] += columns[block].T @ outputs[block]
        if len(columns) > _FEW_BLOCKS:
            self._gram += _products(columns.swapaxes(1, 2), columns)
            self._moment += _products(columns.swapaxes(1, 2), outputs)
        self._square += np.square(outputs).sum(axis=1)
        self.rows += len(design)

    def error(self, matrix: Array) -> float:
        """From the sums alone."""
        made = (matrix * _products(self._gram, matrix)).sum() - 2 * (matrix * self._moment).sum()
        return max(0.0, float(made + self.energy))

    def solver(self, near: Array, *, bias: bool) -> Solver:
        """From the sums, less those of the means where the bias is free."""
        gram, moment = self._gram[:, :-1, :-1], self._moment[:, :-1]
        sums, totals, count = self._gram[:, -1:, :-1], self._moment[:, -1:], max(self.rows, 1)
        if bias:
            gram = gram - sums.swapaxes(1, 2) @ sums / count
            moment = moment - sums.swapaxes(1, 2) @ totals / count
        else:
            moment = moment - sums.swapaxes(1, 2) @ near[:, -1:]
        missing = moment - _products(gram, near[:, :-1])
        scale = _positive(gram.diagonal(axis1=1, axis2=2).mean(axis=1))

        def solved(ridge: float) -> Array:
            found = near.copy()
            found[:, :-1] += _solution(gram, missing, ridge * scale)
            if bias:
                found[:, -1:] = (totals - sums @ found[:, :-1]) / count
            return found

        return solved

    def moments(self, matrix: Array) -> tuple[Array, Array]:
        """From the sums."""
        mean = (self._gram[:, -1:] @ matrix)[:, 0] / self.rows
        square = (matrix * _products(self._gram, matrix)).sum(axis=1) / self.rows
        return mean, np.maximum(square - np.square(mean), 0.0)

    def wanted_moments(self) -> tuple[Array, Array]:
        """From the sums."""
        mean = self._moment[:, -1] / self.rows
        return mean, np.maximum(self._square / self.rows - np.square(mean), 0.0)

    def with_all(self, other: Sums) -> Sums:
        """The sums of both."""
        both = Sums(*self._gram.shape[:1], self._gram.shape[1] - 1, self._moment.shape[2])
        both._gram, both._moment = self._gram + other._gram, self._moment + other._moment
        both._square, both.rows = self._square + other._square, self.rows + other.rows
        return both


class Stack(Equations):
    """The rows themselves, for when they are fewer than the columns: then the sums would be larger than they."""

    def __init__(self, blocks: int, columns: int, outputs: int) -> None:
        super().__init__(blocks, columns, outputs)
        self._designs = [np.zeros((0, blocks, columns), np.float32)]
        self._wanted = [np.zeros((0, blocks, outputs), np.float32)]

    @property
    def energy(self) -> float:
        """The sum of squares of what should come."""
        return float(sum(np.square(wanted, dtype=np.float64).sum() for wanted in self._wanted))

    def add(self, design: Array, wanted: Array) -> None:
        """Keep them."""
        self._designs.append(design)
        self._wanted.append(wanted)
        self.rows += len(design)

    def error(self, matrix: Array) -> float:
        """Of each part of the rows."""
        parts = zip(self._designs, self._wanted, strict=True)
        return float(sum(np.square(_made(design, matrix) - wanted.swapaxes(0, 1)).sum() for design, wanted in parts))

    def solver(self, near: Array, *, bias: bool) -> Solver:
        """As a combination of the rows: with X of rows, Xᵀ (X Xᵀ + ridge)⁻¹ in the place of (Xᵀ X + ridge)⁻¹ Xᵀ."""
        columns, wanted = (
            np.concatenate(parts).swapaxes(0, 1).astype(np.float64) for parts in (self._designs, self._wanted)
        )
        free = bias and self.rows > 0
        means = columns.mean(axis=1, keepdims=True) if free else 0.0
        totals = wanted.mean(axis=1, keepdims=True) if free else near[:, -1:]
        columns -= means
        missing = wanted - totals - _products(columns, near[:, :-1])
        gram = _products(columns, columns.swapaxes(1, 2))
        scale = _positive(np.square(columns).sum(axis=(1, 2)) / max(columns.shape[2], 1))

        def solved(ridge: float) -> Array:
            found = near.copy()
            found[:, :-1] += _products(columns.swapaxes(1, 2), _solution(gram, missing, ridge * scale))
            if free:
                found[:, -1:] = totals - means @ found[:, :-1]
            return found

        return solved

    def moments(self, matrix: Array) -> tuple[Array, Array]:
        """Of what the matrix makes of all rows."""
        made = np.concatenate([_made(design, matrix) for design in self._designs], axis=1)
        return made.mean(axis=1), made.var(axis=1)

    def wanted_moments(self) -> tuple[Array, Array]:
        """Of all rows."""
        wanted = np.concatenate(self._wanted).astype(np.float64)
        return wanted.mean(axis=0), wanted.var(axis=0)

    def with_all(self, other: Stack) -> Stack:
        """The rows of both."""
        both = Stack(*self._designs[0].shape[1:], self._wanted[0].shape[2])
        both._designs, both._wanted = self._designs + other._designs, self._wanted + other._wanted
        both.rows = self.rows + other.rows
        return both


def _with_ones(design: Array) -> Array:
    """Blocks of columns, with the bias's: float64 (blocks, rows, columns + 1)."""
    rows, blocks, columns = design.shape
    found = np.ones((blocks, rows, columns + 1))
    found[:, :, :-1] = design.swapaxes(0, 1)
    return found


def _made(design: Array, matrix: Array) -> Array:
    """What a matrix makes of rows: (blocks, rows, outputs)."""
    made: Array = _products(design.swapaxes(0, 1), matrix[:, :-1]) + matrix[:, -1:]
    return made


def _products(one: Array, other: Array) -> Array:
    """Products of each block: (blocks, i, k) and (blocks, k, j). Many small ones are left to one thread, since several
    would meet at the end of each: on a busy machine that takes a hundred times as long.
    """
    with blas.one_thread() if len(one) > _FEW_BLOCKS else nullcontext():
        made: Array = one @ other
    return made


def _positive(scale: Array) -> Array:
    """A scale for the ridge also where all columns are nothing."""
    return np.where(scale > 0, scale, 1.0)


def _solution(gram: Array, moment: Array, ridges: Array) -> Array:
    """Solve (gram + ridge) x = moment in each block."""
    from scipy import linalg

    size = gram.shape[-1]
    with blas.one_thread():
        if len(gram) > _FEW_BLOCKS:
            return np.linalg.solve(gram + ridges[:, None, None] * np.eye(size), moment)
        found = []
        for block, ridge in enumerate(ridges):
            left = gram[block].copy()
            left[np.diag_indices(size)] += ridge
            factor = linalg.cho_factor(left, lower=True, overwrite_a=True, check_finite=False)
            found.append(linalg.cho_solve(factor, moment[block], check_finite=False))
        return np.stack(found)
