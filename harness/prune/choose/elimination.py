"""What is missed where a channel goes and the others make up for it: one after the other, in closed form.

A kernel reads channels, and is solved again by least squares when some of them go. The error that this leaves follows
from the inverse of the channels' covariance, which a removal changes in closed form: Hassibi and Stork, 1993, 'Second
Order Derivatives for Network Pruning: Optimal Brain Surgeon'. Channels that say the same are told apart from such that
matter: once one of two has gone, the other can't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.base import blas
from harness.base.errors import PruneError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

RIDGE = 1e-4  # of the channels' mean variance: what is less is not relied on
MOST_STEPS = 256  # where there are more channels, several go at a time


@dataclass(frozen=True)
class Reader:
    """A kernel that reads channels, and what they do on data.

    `channels` are their numbers, (columns,), in increasing order; `covariance` is (columns, columns); `kernel` has the
    weights of each channel, (columns, all that it is multiplied by).
    """

    channels: Ints
    covariance: Array
    kernel: Array

    @property
    def energy(self) -> float:
        """The variance of all that the kernel makes of them."""
        return float((self.kernel * (self.covariance @ self.kernel)).sum())


def eliminated(readers: Sequence[Reader], channels: Sequence[int]) -> Array:
    """What is missed when each of these channels goes, after all that matter less: float64 (channels,).

    A share of the variance of what each reader makes, added up over the readers; none is less than that of a channel
    which went before. Channels of others that a reader has stay, and help.

    Raises:
        PruneError: what they read does not vary.
    """
    try:
        with blas.one_thread():
            return _eliminated(readers, np.asarray(channels))
    except np.linalg.LinAlgError:
        raise PruneError(
            "importance 'reconstruction': what layers read does not vary on this data; give examples that differ"
        ) from None


def _eliminated(readers: Sequence[Reader], wanted: Ints) -> Array:
    walks = [_Walk(reader, wanted) for reader in readers if reader.energy != 0]
    scores, left, worst = np.zeros(len(wanted)), np.ones(len(wanted), np.bool_), 0.0
    step = -(-len(wanted) // MOST_STEPS)
    while left.any():
        errors = np.where(left, sum((walk.errors() for walk in walks), np.zeros(len(wanted))), np.inf)
        going = np.argsort(errors, kind="stable")[: min(step, int(left.sum()))]
        for place in going:
            worst = float(np.maximum(worst, errors[place]))  # NaN is not hidden
            scores[place] = worst
        left[going] = False
        for walk in walks:
            walk.remove(going)
    return scores


class _Walk:
    """One reader as channels go: the inverse of what is left of the covariance, and the kernel solved again."""

    def __init__(self, reader: Reader, wanted: Ints) -> None:
        size = len(reader.covariance)
        ridge = RIDGE * max(float(np.trace(reader.covariance)) / size, np.finfo(np.float64).tiny)
        self._inverse = np.linalg.inv(reader.covariance + ridge * np.eye(size))
        self._kernel, self._energy = _narrow(reader.kernel), reader.energy
        found = np.searchsorted(reader.channels, wanted).clip(max=len(reader.channels) - 1)
        self._columns = np.where(reader.channels[found] == wanted, found, -1)

    def errors(self) -> Array:
        """What is missed when each of the channels goes next: float64 (channels,), 0 for what is not read here."""
        one = np.square(self._kernel).sum(axis=1) / np.maximum(self._inverse.diagonal(), np.finfo(np.float64).tiny)
        return np.where(self._columns < 0, 0.0, one[self._columns] / self._energy)

    def remove(self, going: Ints) -> None:
        """Let channels go, and the others make up for them."""
        columns = self._columns[going]
        columns = columns[columns >= 0]
        if not len(columns):
            return
        across = self._inverse[:, columns]
        share = np.linalg.solve(across[columns], np.concatenate([self._kernel[columns], across.T], axis=1))
        width = self._kernel.shape[1]
        self._kernel -= across @ share[:, :width]
        self._inverse -= across @ share[:, width:]
        self._kernel[columns] = 0.0
        self._inverse[columns], self._inverse[:, columns] = 0.0, 0.0


def _narrow(kernel: Array) -> Array:
    """A kernel of no more outputs than channels, for which all errors are the same."""
    if kernel.shape[1] <= kernel.shape[0]:
        return kernel.copy()
    triangle: Array = np.asarray(np.linalg.qr(kernel.T, mode="r"))
    return triangle.T
