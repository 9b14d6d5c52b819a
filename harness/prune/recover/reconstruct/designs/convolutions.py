"""Convolutions: plain, grouped, depthwise, separable and transposed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from harness.prune.recover.reconstruct.designs.linear import Array, Linear
from harness.prune.recover.reconstruct.designs.patches import Patches
from harness.prune.recover.reconstruct.designs.rows import Rows


class Convolution(Linear):
    """A plain convolution, of which each group is a block."""

    transposed = False

    def __init__(self, op: Any) -> None:
        self._patches = Patches(op, transposed=self.transposed)
        self._first = op.data_format == "channels_first"
        self._groups = int(getattr(op, "groups", 1))

    def axes(self, rank: int) -> tuple[int, ...]:
        """All but the channels'."""
        return (0, *range(2, rank)) if self._first else tuple(range(rank - 1))

    def patches(self, x: Array, rows: Rows) -> Array:
        """What the kernel sees: (rows, offsets, channels)."""
        return self._patches(np.moveaxis(x, 1, -1) if self._first else x, rows)

    def design(self, x: Array, rows: Rows) -> Array:
        """Patches, each group's channels apart."""
        seen = self.patches(x, rows)
        apart = seen.reshape(*seen.shape[:2], self._groups, -1).swapaxes(1, 2)
        return apart.reshape(len(seen), self._groups, -1)

    def matrix(self, kernel: Array) -> Array:
        """Of a kernel (..., channels of a group, filters)."""
        return kernel.reshape(-1, self._groups, kernel.shape[-1] // self._groups).swapaxes(0, 1)

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The groups' filters side by side again."""
        return matrix.swapaxes(0, 1).reshape(shape)


class Transposed(Convolution):
    """A transposed convolution: of its kernel the last two axes are exchanged."""

    transposed = True

    def matrix(self, kernel: Array) -> Array:
        """Of a kernel (..., filters, channels)."""
        return kernel.swapaxes(-1, -2).reshape(1, -1, kernel.shape[-2])

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """Channels last in the kernel again."""
        return matrix.reshape(*shape[:-2], shape[-1], shape[-2]).swapaxes(-1, -2)


class Depthwise(Convolution):
    """A depthwise convolution, of which each channel is a block."""

    def design(self, x: Array, rows: Rows) -> Array:
        """Patches, each channel apart."""
        return self.patches(x, rows).swapaxes(1, 2)

    def matrix(self, kernel: Array) -> Array:
        """Of a kernel (..., channels, multiplier)."""
        return kernel.reshape(-1, *kernel.shape[-2:]).swapaxes(0, 1)


class Separable(Convolution):
    """The pointwise kernel of a separable convolution, on what the depthwise one makes, which stays as it is."""

    weight = "pointwise_kernel"

    def __init__(self, op: Any) -> None:
        super().__init__(op)
        self._depthwise = op.depthwise_kernel

    def design(self, x: Array, rows: Rows) -> Array:
        """The result of the depthwise convolution."""
        kernel = np.asarray(keras.ops.convert_to_numpy(self._depthwise))
        seen = self.patches(x, rows)
        made = np.einsum("rkc,kcm->rcm", seen, kernel.reshape(-1, *kernel.shape[-2:]))
        return np.asarray(made.reshape(len(made), 1, -1))
