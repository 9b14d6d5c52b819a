"""Times of one kind of work over (width read x width made): what it is made of, and what is left by likeness."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PADS = (1, 16)  # work is done on the channels themselves, or on whole blocks of them
REACH = 1.0  # how far in its coordinates one time says something of another
NOISE = 0.1  # how little a single time counts against its neighbours
LEAST_US = 0.3  # below, the profiler's clock says nothing
SMALL = 0.3  # times are explained relative to themselves, but none finer than half of this quantile


class Interpolation:
    """Fitted on widths read and made (n,) and microseconds (n,)."""

    def __init__(self, reads: Ints, makes: Ints, us: Array) -> None:
        from scipy.optimize import nnls

        parts = work(reads, makes)
        self.scale = parts.max(axis=0)
        weights = 1 / np.maximum(us, max(0.5 * float(np.quantile(us, SMALL)), LEAST_US))
        few = 1e-3 * np.eye(parts.shape[1])  # where the times don't say which part it is, all of them
        wanted = np.concatenate([us * weights, np.zeros(len(few))])
        self.shares = nnls(np.concatenate([parts / self.scale * weights[:, None], few]), wanted)[0]
        self.seen = _coordinates(reads, makes)
        left = np.log(np.maximum(us, LEAST_US) / self._explained(reads, makes))
        likeness = _likeness(self.seen, self.seen) + NOISE * np.eye(len(us))
        self.pulls = np.linalg.solve(likeness, left)

    def us(self, reads: Ints, makes: Ints) -> Array:
        """Microseconds at other widths (m,)."""
        pulled = _likeness(_coordinates(reads, makes), self.seen) @ self.pulls
        found: Array = self._explained(reads, makes) * np.exp(pulled)
        return found

    def _explained(self, reads: Ints, makes: Ints) -> Array:
        found: Array = np.maximum(work(reads, makes) / self.scale @ self.shares, LEAST_US)
        return found


def work(reads: Ints, makes: Ints) -> Array:
    """What the work is made of: something fixed, the widths, and their product, padded and not: (n, parts)."""
    columns: list[npt.NDArray[Any]] = [np.ones(len(reads))]
    for pad in PADS:
        read, made = _padded(reads, pad), _padded(makes, pad)
        columns += [read, made, read * made]
    return np.maximum(np.stack(columns, axis=1).astype(np.float64), 1e-9)


def _padded(width: Ints, block: int) -> Ints:
    return -(-width // block) * block


def _coordinates(reads: Ints, makes: Ints) -> Array:
    """Where widths lie: octaves, how much of the last block is empty, and whether they are whole blocks: (n, 8)."""
    columns = []
    for width in (reads, makes):
        octaves = np.log2(np.maximum(width, 1))
        columns += [octaves, 0.7 * (np.log2(np.maximum(_padded(width, 16), 1)) - octaves)]
        columns += [0.4 * (width % 16 == 0), 0.3 * (width % 4 == 0)]
    return np.stack(columns, axis=1)


def _likeness(some: Array, others: Array) -> Array:
    squares = np.square(some[:, None, :] - others[None, :, :]).sum(axis=2)
    found: Array = np.exp(-squares / (2 * REACH**2))
    return found
