"""Dense and EinsumDense: matrix products along any axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.prune.keras_graph.graph import Shape
from harness.prune.keras_graph.rules.einsum_dense import letters
from harness.prune.recover.reconstruct.designs.linear import Array, Linear, UnsolvableError
from harness.prune.recover.reconstruct.designs.rows import Rows


class Product(Linear):
    """A product of an input and a kernel, by the letters of its equation.

    A letter of the output is a position where the kernel hasn't it, a block's where input and kernel have it, and an
    output's where the input hasn't it. A letter of input and kernel alone is a column's; one of the input alone is
    added up.
    """

    def __init__(self, taken: str, kernel: str, made: str, sizes: dict[str, int], bias: str | None) -> None:
        if any(len(set(each)) < len(each) for each in (taken, kernel, made)):
            raise UnsolvableError("its equation has a repeated letter")
        if set(kernel) - set(taken) - set(made):
            raise UnsolvableError("its equation adds up a kernel by itself")
        self._taken, self._kernel, self._made, self._sizes = taken, kernel, made, sizes
        self._positions = [letter for letter in made if letter not in kernel]
        self._blocks = [letter for letter in made if letter in kernel and letter in taken]
        self._outputs = [letter for letter in made if letter in kernel and letter not in taken]
        self._columns = [letter for letter in kernel if letter not in made]
        self.own_bias = bias is None or set(bias) == {*self._blocks, *self._outputs}

    def axes(self, rank: int) -> tuple[int, ...]:
        """Those of the letters that the kernel hasn't."""
        return tuple(self._made.index(letter) for letter in self._positions)

    def design(self, x: Array, rows: Rows) -> Array:
        """The input at the positions, its other axes sorted into blocks and columns."""
        alone = [letter for letter in self._taken if letter not in self._kernel and letter not in self._made]
        summed = x.sum(axis=tuple(map(self._taken.index, alone)))
        left = [letter for letter in self._taken if letter not in alone]
        picked = rows.of(summed, [left.index(letter) for letter in self._positions])
        others = [letter for letter in left if letter not in self._positions]
        return self._sorted(picked, others, self._blocks, self._columns)

    def matrix(self, kernel: Array) -> Array:
        """The kernel's axes sorted into blocks, columns and outputs."""
        order = [*self._blocks, *self._columns, *self._outputs]
        turned = kernel.transpose([self._kernel.index(letter) for letter in order])
        return turned.reshape([self._count(part) for part in (self._blocks, self._columns, self._outputs)])

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The axes sorted back."""
        order = [*self._blocks, *self._columns, *self._outputs]
        turned = matrix.reshape([self._sizes[letter] for letter in order])
        return turned.transpose([order.index(letter) for letter in self._kernel]).reshape(shape)

    def fold(self, picked: Array, blocks: int) -> Array:
        """The output's axes sorted into blocks and outputs."""
        others = [letter for letter in self._made if letter in self._kernel]
        return self._sorted(picked, others, self._blocks, self._outputs)

    def fold_bias(self, bias: Array, blocks: int) -> Array:
        """Its axes are those of the output that the kernel has, the others of length 1."""
        sizes = [self._sizes[letter] for letter in self._made if letter in self._kernel]
        folded: Array = self.fold(bias.reshape(1, *sizes), blocks)[0]
        return folded

    def unfold(self, folded: Array) -> Array:
        """The axes sorted back, as they are in the output."""
        order = [*self._blocks, *self._outputs]
        turned = folded.reshape([self._sizes[letter] for letter in order])
        made = [letter for letter in self._made if letter in self._kernel]
        return turned.transpose([order.index(letter) for letter in made]).reshape(-1)

    def _sorted(self, picked: Array, others: list[str], first: list[str], second: list[str]) -> Array:
        order = [1 + others.index(letter) for letter in (*first, *second)]
        return picked.transpose([0, *order]).reshape(len(picked), self._count(first), self._count(second))

    def _count(self, part: list[str]) -> int:
        return math.prod(self._sizes[letter] for letter in part)


def dense(op: Any, shape: Shape, made: Shape) -> Product:
    """A Dense layer on an input of any rank."""
    taken, kernel, output = letters("...c,cd->...d", len(shape), len(made))
    return Product(taken, kernel, output, dict(zip(kernel, op.kernel.shape, strict=True)), "d" if op.use_bias else None)


def einsum_dense(op: Any, shape: Shape, made: Shape) -> Product:
    """An EinsumDense layer."""
    taken, kernel, output = letters(op.equation, len(shape), len(made))
    sizes = dict(zip(kernel, map(int, np.shape(op.kernel)), strict=True))
    return Product(taken, kernel, output, sizes, op.bias_axes)
