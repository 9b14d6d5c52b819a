"""How exact a backend's products are, and whether a design is really what a layer computes."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np

from harness.prune.recover.reconstruct.designs.linear import Array, UnsolvableError

SPARE = 50.0  # how much further off a layer may be, or a row of them, than a product of 64 terms


@lru_cache(maxsize=16)
def tolerance(dtype: str) -> float:
    """By how much a result of this type may be off, as a share of the sum of its terms' sizes; 0 for whole numbers.

    Measured, since a GPU may multiply float32 in fewer digits.
    """
    if "float" not in dtype:
        return 0.0
    generator = np.random.default_rng(0)
    first, second = (generator.standard_normal((64, 64)) for _ in range(2))
    made = keras.ops.matmul(keras.ops.cast(first, dtype), keras.ops.cast(second, dtype))
    found = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(made, "float32")), np.float64)
    size = np.abs(first) @ np.abs(second)
    return SPARE * float((np.abs(found - first @ second) / size).max())


def check_design(design: Array, matrix: Array, made: Array, dtype: str) -> None:
    """Raise UnsolvableError unless a design (rows, blocks, columns) times a matrix is what a layer made of the input.

    Args:
        design: as the layer's equations have it.
        matrix: its kernel, with the bias as the last row: (blocks, columns + 1, outputs).
        made: what the layer gave at the same positions: (rows, blocks, outputs).
        dtype: what it computes in.
    """
    columns = design.astype(np.float64).swapaxes(0, 1)
    expected = columns @ matrix[:, :-1] + matrix[:, -1:]
    size = np.abs(columns) @ np.abs(matrix[:, :-1]) + np.abs(matrix[:, -1:])
    off = np.abs(expected - made.swapaxes(0, 1))
    if not np.isfinite(off).all():
        raise UnsolvableError("what it makes is not finite")
    if (off > tolerance(dtype) * size + float(np.finfo(np.float32).tiny)).any():
        raise UnsolvableError("it does not compute what its equations say")
