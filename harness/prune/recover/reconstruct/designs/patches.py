"""What the offsets of a kernel meet: found by sending positions through a convolution, and not by a formula.

So padding, strides, dilation and output padding are as the backend has them, whichever it is.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from harness.prune.recover.reconstruct.designs.linear import Array
from harness.prune.recover.reconstruct.designs.rows import Rows

L = keras.layers
CONVOLUTIONS = {1: L.Conv1D, 2: L.Conv2D, 3: L.Conv3D}
TRANSPOSED = {1: L.Conv1DTranspose, 2: L.Conv2DTranspose, 3: L.Conv3DTranspose}
BASE = 128  # of the digits that positions are sent in: exact in every number format a convolution may compute in
NOTHING = -1


class Patches:
    """What a kernel sees at the positions of a convolution's output."""

    def __init__(self, op: Any, *, transposed: bool = False) -> None:
        self.size = tuple(op.kernel_size)
        self.offsets = math.prod(self.size)
        self._transposed = transposed
        self._options = {"padding": op.padding, "strides": op.strides, "dilation_rate": op.dilation_rate}
        if transposed:
            self._options["output_padding"] = op.output_padding
        self._tables: dict[tuple[int, ...], Array] = {}

    def __call__(self, x: Array, rows: Rows) -> Array:
        """Of an input with channels last, (N, ..., channels): (rows, offsets, channels)."""
        sizes = x.shape[1:-1]
        if sizes not in self._tables:
            self._tables[sizes] = self._table(sizes)
        examples, *places = rows.index
        met = self._tables[sizes][tuple(places)]
        flat = x.reshape(len(x), -1, x.shape[-1])
        taken = flat[examples[:, None], np.maximum(met, 0)]
        taken[met == NOTHING] = 0
        return taken

    def _table(self, sizes: tuple[int, ...]) -> Array:
        """For each position of the output and each offset the position of the input it meets: (..., offsets)."""
        layer = self._probe(sizes)
        index: Any = 0
        inside: Any = True
        for axis, places in enumerate(np.indices(sizes)):
            met, scale, rest = 0, 1, places + 1
            while rest.any():
                digits = keras.ops.convert_to_numpy(layer((rest % BASE)[None, ..., None].astype(np.float32)))
                met = met + scale * np.rint(digits[0]).astype(np.int64)
                scale, rest = scale * BASE, rest // BASE
            index = index * sizes[axis] + np.maximum(met - 1, 0)
            inside &= met > 0
        return np.where(inside, index, NOTHING).astype(np.int32)

    def _probe(self, sizes: tuple[int, ...]) -> Any:
        """A convolution with a filter for each offset, which passes on what it meets there."""
        kind = (TRANSPOSED if self._transposed else CONVOLUTIONS)[len(sizes)]
        options = {**self._options, "use_bias": False, "data_format": "channels_last", "dtype": "float32"}
        layer = kind(self.offsets, self.size, **options)
        layer.build((None, *sizes, 1))
        layer.kernel.assign(np.eye(self.offsets, dtype=np.float32).reshape(layer.kernel.shape))
        return layer
