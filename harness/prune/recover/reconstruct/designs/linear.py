"""How a layer is linear in its kernel: a design matrix, made of what it reads, times a matrix, made of the kernel.

Its positions are the rows; what the kernel multiplies at a position, the columns. A grouped or depthwise convolution
falls into blocks that share nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.prune.recover.reconstruct.designs.rows import Rows

Array = npt.NDArray[Any]


class UnsolvableError(Exception):
    """Why a layer has to keep the kernel that it has; the message is a clause without a full stop."""


class Linear(ABC):
    """One layer as least squares sees it.

    `weight` names the kernel among the layer's weights. `own_bias` is whether a bias, if there is one, has a number for
    each output of each block, and no more.
    """

    weight = "kernel"
    own_bias = True

    @abstractmethod
    def axes(self, rank: int) -> tuple[int, ...]:
        """The axes of its output, which has so many, along which its positions lie; the batch's is among them."""

    @abstractmethod
    def design(self, x: Array, rows: Rows) -> Array:
        """What the kernel multiplies at some positions: (rows, blocks, columns)."""

    @abstractmethod
    def matrix(self, kernel: Array) -> Array:
        """What the design is multiplied with: (blocks, columns, outputs)."""

    @abstractmethod
    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The kernel of this shape that a matrix was made of."""

    def fold(self, picked: Array, blocks: int) -> Array:
        """Outputs at some positions, (rows, the axes that are no positions'), as (rows, blocks, outputs)."""
        return picked.reshape(len(picked), blocks, -1)

    def fold_bias(self, bias: Array, blocks: int) -> Array:
        """A bias that is solved with the kernel, as (blocks, outputs)."""
        return bias.reshape(blocks, -1)

    def unfold(self, folded: Array) -> Array:
        """One number for each output, (blocks, outputs), in the order of the layer's channels."""
        return folded.reshape(-1)


def extended(matrix: Array, bias: Array | None) -> Array:
    """A matrix with the bias, (blocks, outputs), as its last row; float64 (blocks, columns + 1, outputs)."""
    blocks, _, outputs = matrix.shape
    row = np.zeros((blocks, 1, outputs)) if bias is None else bias.reshape(blocks, 1, outputs)
    return np.concatenate([matrix, row], axis=1).astype(np.float64)
