"""The names of a tensor: which channel each of its elements belongs to.

They are an integer array shaped like the tensor, with a batch axis of size 1 and every axis of unknown size taken as 1.
Each entry is a channel's id, or `NO_CHANNEL`. Arrays are broadcast views wherever the names don't vary, so they cost
almost nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NO_CHANNEL = -1

Names = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


def compact(names: Names) -> Names:
    """The same names with every broadcast axis cut to size 1."""
    cut = tuple(
        slice(0, 1) if step == 0 and size else slice(None)
        for step, size in zip(names.strides, names.shape, strict=True)
    )
    return names[cut]


def varying_axes(names: Names) -> tuple[int, ...]:
    """The axes along which the names change."""
    small = compact(names)
    return tuple(axis for axis in range(names.ndim) if (small != small.take([0], axis)).any())


def along(names: Names, axis: int) -> Names:
    """The names at each position of one axis, of names that vary along no other: int32 (size,)."""
    index: list[int | slice] = [0] * names.ndim
    index[axis] = slice(None)
    return names[tuple(index)]


def spread(ids: Names, shape: tuple[int, ...], axis: int) -> Names:
    """Names of a whole tensor of which `ids` are the channels along `axis`: a broadcast view."""
    lined = [1] * len(shape)
    lined[axis] = len(ids)
    return np.broadcast_to(ids.reshape(lined), shape)


def nameless(shape: tuple[int, ...]) -> Names:
    """Names of a tensor that has no channels to remove."""
    return np.broadcast_to(np.array(NO_CHANNEL, np.int32), shape)
