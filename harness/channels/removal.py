"""Which channels go, and what is left of whatever carries their names."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.channels.names import Flags, Names, along, compact


class Removal:
    """Which channels go. Asked with names, it tells what stays."""

    def __init__(self, gone: Flags) -> None:
        self._gone = gone  # the last entry answers for NO_CHANNEL, which is -1

    def kept(self, names: Names) -> Flags:
        """True where an element stays; the same shape as `names`, broadcast where they are."""
        return np.broadcast_to(~self._gone[compact(names)], names.shape)

    def kept_along(self, names: Names, axis: int) -> npt.NDArray[np.intp]:
        """The positions that stay along one axis."""
        return np.flatnonzero(self.kept(along(names, axis)))

    def shape(self, names: Names) -> tuple[int, ...]:
        """The shape that is left: a position goes when all its elements go."""
        kept = ~self._gone[compact(names)]
        alive = [
            np.atleast_1d(kept.any(axis=tuple(k for k in range(kept.ndim) if k != axis))) for axis in range(kept.ndim)
        ]
        return tuple(int(left.sum()) * (size // len(left)) for left, size in zip(alive, names.shape, strict=True))

    def mask(self, names: Names) -> Flags | None:
        """False where an element goes, with broadcast axes of size 1; None where nothing goes."""
        mask: Flags = ~self._gone[compact(names)]
        return None if mask.all() else mask
