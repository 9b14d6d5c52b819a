"""How much each channel matters, from the weights that compute it, whatever kind of graph they are those of.

A channel may be computed by several layers (an Add joins them); its importance is the sum over all of them. Scores are
arrays of float64, one entry for each id; that of a channel stands at its root id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from harness.channels.allocate import Scores
from harness.channels.channels import Channels
from harness.channels.names import NO_CHANNEL, Names

Rows = npt.NDArray[np.float64]


class Weighed(Protocol):
    """Weights by channel: root ids, int32 (channels,), with float64 (channels, values) or (channels,)."""

    @property
    def channels(self) -> Channels:
        """The channels that they are about."""

    def kernels(self) -> Iterable[tuple[Names, Rows]]:
        """Every weight that computes channels."""

    def scales(self) -> Iterable[tuple[Names, Scores]]:
        """The scale of every BatchNormalization."""


def add_up(count: int, parts: Iterable[tuple[Names, npt.NDArray[Any]]]) -> Scores:
    """Add what several layers say about each of `count` ids."""
    scores = np.zeros(count)
    for ids, values in parts:
        named = ids != NO_CHANNEL
        np.add.at(scores, ids[named], values[named])
    return scores


def l1(found: Weighed) -> Scores:
    """Sum of absolute weights (Li et al., 2017, 'Pruning Filters for Efficient ConvNets')."""
    return add_up(found.channels.count, ((ids, np.abs(rows).sum(axis=1)) for ids, rows in found.kernels()))


def l2(found: Weighed) -> Scores:
    """Euclidean norm (He et al., 2018, 'Soft Filter Pruning for Accelerating Deep CNNs')."""
    squares = ((ids, np.square(rows).sum(axis=1)) for ids, rows in found.kernels())
    return np.sqrt(add_up(found.channels.count, squares))


def fpgm(found: Weighed) -> Scores:
    """Sum of the distances to all other filters of the layer: near the geometric median, the others can stand in.

    He et al., 2019, 'Filter Pruning via Geometric Median for Deep CNNs Acceleration'.
    """
    return add_up(found.channels.count, ((ids, _distances(rows).sum(axis=1)) for ids, rows in found.kernels()))


def _distances(rows: Rows) -> npt.NDArray[np.float64]:
    """Euclidean distance between every two rows: (n, n)."""
    squares = np.square(rows).sum(axis=1)
    squared: Rows = np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0)
    return np.sqrt(squared)


def bn_scale(found: Weighed) -> Scores:
    """Absolute scale of the BatchNormalization behind a filter (Liu et al., 2017, 'Network Slimming').

    Channels that no BatchNormalization scales get their Euclidean norm: no group holds both kinds.
    """
    scales = add_up(found.channels.count, ((ids, np.abs(gamma)) for ids, gamma in found.scales()))
    scaled = np.zeros(found.channels.count, np.bool_)
    for ids, _ in found.scales():
        scaled[ids[ids != NO_CHANNEL]] = True
    return np.where(scaled, scales, l2(found))


def random(channels: Channels, seed: int) -> Scores:
    """Random numbers: the baseline to beat (Mittal et al., 2018, 'Recovering from Random Pruning')."""
    return np.random.default_rng(seed).random(channels.count)


FROM_WEIGHTS: dict[str, Callable[[Weighed], Scores]] = {"l1": l1, "l2": l2, "fpgm": fpgm, "bn_scale": bn_scale}
