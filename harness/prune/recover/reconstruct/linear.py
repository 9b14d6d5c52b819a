"""Layers as least squares sees them: a design matrix times the kernel, plus the bias.

Every layer with a kernel is linear in it. Its positions are the rows; what a kernel multiplies at a position, the
columns; a grouped or depthwise convolution falls into blocks that share nothing. Rows are drawn at random where there
are more than are needed, so that nothing of the size of all patches is ever made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.prune.keras_graph.graph import Shape

Array = npt.NDArray[Any]
L = keras.layers
CONVOLUTIONS = (L.Conv1D, L.Conv2D, L.Conv3D)
TRANSPOSED = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)
DEPTHWISE = (L.DepthwiseConv1D, L.DepthwiseConv2D)
SEPARABLE = (L.SeparableConv1D, L.SeparableConv2D)


@dataclass(frozen=True)
class Rows:
    """Positions of a layer's output, one index array for each axis but the channels': (rows,) each."""

    index: tuple[npt.NDArray[np.intp], ...]

    @classmethod
    def drawn(cls, shape: tuple[int, ...], most: int, generator: np.random.Generator) -> Rows:
        """At most so many of the positions of a shape, each once."""
        count = math.prod(shape)
        flat = np.arange(count) if count <= most else generator.choice(count, most, replace=False)
        return cls(tuple(np.unravel_index(flat, shape)))

    def of(self, values: Array) -> Array:
        """The values, (..., channels), at these positions: (rows, channels)."""
        return values[self.index]


@dataclass(frozen=True)
class Linear:
    """How one layer is linear in its kernel.

    `design` makes of an input and rows the design matrix, (rows, blocks, columns); `matrix` of a kernel the matrix that
    it is multiplied with, (blocks, columns, outputs), and `kernel` the kernel again. The outputs of all blocks follow
    each other along the layer's channels. `weight` names the kernel among the layer's weights.
    """

    blocks: int
    design: Callable[[Array, Rows], Array]
    matrix: Callable[[Array], Array]
    kernel: Callable[[Array, tuple[int, ...]], Array]
    weight: str = "kernel"


def linear(op: Any, shape: Shape) -> Linear | None:
    """How a layer is linear in its kernel, for an input of this shape, channels last; None where that is not known."""
    if getattr(op, "data_format", "channels_last") != "channels_last":
        return None
    if isinstance(op, L.Dense):
        return _dense()
    if isinstance(op, L.EinsumDense):
        return _einsum(op.equation)
    if isinstance(op, SEPARABLE):
        return _separable(op)
    if isinstance(op, DEPTHWISE):
        return _depthwise(op, shape)
    if isinstance(op, CONVOLUTIONS):
        return _convolution(op, shape)
    if isinstance(op, TRANSPOSED):
        return _transposed(op, shape)
    return None


def _dense() -> Linear:
    return Linear(
        blocks=1,
        design=lambda x, rows: rows.of(x)[:, None, :],
        matrix=lambda kernel: kernel[None],
        kernel=lambda matrix, shape: matrix.reshape(shape),
    )


def _einsum(equation: str) -> Linear | None:
    """An EinsumDense that is a matrix product over the last axis of its input, such as `abc,cd->abd`."""
    taken, _, rest = equation.replace(" ", "").partition(",")
    kernel, _, made = rest.partition("->")
    if len(kernel) != 2 or taken[-1:] != kernel[0] or made != taken[:-1] + kernel[1]:
        return None
    return _dense()


def _convolution(op: Any, shape: Shape) -> Linear:
    size, groups = tuple(op.kernel_size), int(op.groups)
    gather = _Patches(size, tuple(op.strides), tuple(op.dilation_rate), op.padding)

    def design(x: Array, rows: Rows) -> Array:
        patches = gather(x, rows)
        return (
            patches.reshape(len(patches), gather.offsets, groups, -1).swapaxes(1, 2).reshape(len(patches), groups, -1)
        )

    def matrix(kernel: Array) -> Array:
        flat = kernel.reshape(-1, groups, kernel.shape[-1] // groups)
        return flat.swapaxes(0, 1)

    def back(found: Array, shape: tuple[int, ...]) -> Array:
        return found.swapaxes(0, 1).reshape(shape)

    return Linear(groups, design, matrix, back)


def _depthwise(op: Any, shape: Shape) -> Linear:
    """Each channel is a block: its patches, and as many outputs as the multiplier."""
    channels = int(shape[-1] or 0)
    gather = _Patches(tuple(op.kernel_size), tuple(op.strides), tuple(op.dilation_rate), op.padding)
    return Linear(
        blocks=channels,
        design=lambda x, rows: gather(x, rows).swapaxes(1, 2),
        matrix=lambda kernel: kernel.reshape(-1, channels, kernel.shape[-1]).swapaxes(0, 1),
        kernel=lambda found, shape: found.swapaxes(0, 1).reshape(shape),
        weight="kernel" if hasattr(op, "kernel") else "depthwise_kernel",
    )


def _separable(op: Any) -> Linear:
    """The pointwise kernel; what the depthwise one makes of the input is the design."""

    def design(x: Array, rows: Rows) -> Array:
        convolve = keras.ops.depthwise_conv
        made = convolve(x, op.depthwise_kernel, tuple(op.strides), op.padding, "channels_last", op.dilation_rate)
        return rows.of(keras.ops.convert_to_numpy(made))[:, None, :]

    return Linear(
        blocks=1,
        design=design,
        matrix=lambda kernel: kernel.reshape(1, -1, kernel.shape[-1]),
        kernel=lambda found, shape: found.reshape(shape),
        weight="pointwise_kernel",
    )


def _transposed(op: Any, shape: Shape) -> Linear:
    """A transposed convolution: at output p, offset k of the kernel meets input (p + before - k * dilation) / stride."""
    size, strides, dilation = tuple(op.kernel_size), tuple(op.strides), tuple(op.dilation_rate)
    groups = 1

    def design(x: Array, rows: Rows) -> Array:
        examples, *places = rows.index
        columns = []
        for offset in np.ndindex(*size):
            inside = np.ones(len(examples), np.bool_)
            index: list[Array] = [examples]
            for axis, place in enumerate(places):
                reach = (size[axis] - 1) * dilation[axis] + 1
                before = max(reach - strides[axis], 0) // 2 if op.padding == "same" else 0
                start = place + before - offset[axis] * dilation[axis]
                inside &= (start % strides[axis] == 0) & (start >= 0) & (start // strides[axis] < x.shape[axis + 1])
                index.append(np.clip(start // strides[axis], 0, x.shape[axis + 1] - 1))
            columns.append(np.where(inside[:, None], x[tuple(index)], 0))
        return np.stack(columns, axis=1).reshape(len(examples), groups, -1)

    return Linear(
        blocks=groups,
        design=design,
        matrix=lambda kernel: np.swapaxes(kernel, -1, -2).reshape(1, -1, kernel.shape[-2]),
        kernel=lambda found, shape: found.reshape(*shape[:-2], shape[-1], shape[-2]).swapaxes(-1, -2),
    )


@dataclass(frozen=True)
class _Patches:
    """What a convolution's kernel sees at some positions."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    @property
    def offsets(self) -> int:
        return math.prod(self.size)

    def __call__(self, x: Array, rows: Rows) -> Array:
        """Of an input (N, ..., channels), at output positions: (rows, offsets, channels)."""
        examples, *places = rows.index
        columns = []
        for offset in np.ndindex(*self.size):
            inside = np.ones(len(examples), np.bool_)
            index: list[Array] = [examples]
            for axis, place in enumerate(places):
                at = (
                    place * self.strides[axis]
                    + offset[axis] * self.dilation[axis]
                    - self._before(axis, x.shape[axis + 1])
                )
                inside &= (at >= 0) & (at < x.shape[axis + 1])
                index.append(np.clip(at, 0, x.shape[axis + 1] - 1))
            taken = x[tuple(index)]
            columns.append(taken if inside.all() else np.where(inside[:, None], taken, 0))
        return np.stack(columns, axis=1)

    def _before(self, axis: int, length: int) -> int:
        """How many zeros stand before the input along an axis."""
        reach = (self.size[axis] - 1) * self.dilation[axis] + 1
        if self.padding == "causal":
            return reach - 1
        if self.padding == "valid":
            return 0
        steps = -(-length // self.strides[axis])
        return max((steps - 1) * self.strides[axis] + reach - length, 0) // 2
