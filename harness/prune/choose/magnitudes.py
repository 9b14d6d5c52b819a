"""How much each channel matters, from the weights alone.

A channel may be computed by several layers (an Add joins them); its importance is the sum over all of them. Scores are
arrays of float64, one entry for each id; that of a channel stands at its root id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import numpy.typing as npt

from harness.channels.allocate import Scores
from harness.channels.names import NO_CHANNEL, Names
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.trace import Trace

Rows = npt.NDArray[np.float64]


def filters_of(trace: Trace) -> Iterator[tuple[Names, Rows]]:
    """Every weight that computes channels, such as a convolution's kernel.

    Yields:
        The root id of each channel, int32 (channels,), and its weights, float64 (channels, values).
    """
    for path, layer in trace.layers.items():
        weights = weights_of(trace.graph.layers[path])
        for index, names in layer.weights.items():
            if names.makes is not None:
                value = np.asarray(keras.ops.convert_to_numpy(weights[index].value), np.float64)
                rows = np.moveaxis(value, names.makes, 0)
                yield trace.channels.find(names.axes[names.makes]), rows.reshape(len(rows), -1)


def add_up(trace: Trace, parts: Iterator[tuple[Names, Scores]]) -> Scores:
    """Add what several layers say about each channel."""
    scores = np.zeros(trace.channels.count)
    for ids, values in parts:
        named = ids != NO_CHANNEL
        np.add.at(scores, ids[named], values[named])
    return scores


def l1(trace: Trace) -> Scores:
    """Sum of absolute weights (Li et al., 2017, 'Pruning Filters for Efficient ConvNets')."""
    return add_up(trace, ((ids, np.abs(rows).sum(axis=1)) for ids, rows in filters_of(trace)))


def l2(trace: Trace) -> Scores:
    """Euclidean norm (He et al., 2018, 'Soft Filter Pruning for Accelerating Deep CNNs')."""
    return np.sqrt(add_up(trace, ((ids, np.square(rows).sum(axis=1)) for ids, rows in filters_of(trace))))


def fpgm(trace: Trace) -> Scores:
    """Sum of the distances to all other filters of the layer: near the geometric median, the others can stand in.

    He et al., 2019, 'Filter Pruning via Geometric Median for Deep CNNs Acceleration'.
    """
    return add_up(trace, ((ids, _distances(rows).sum(axis=1)) for ids, rows in filters_of(trace)))


def _distances(rows: Rows) -> npt.NDArray[np.float64]:
    """Euclidean distance between every two rows: (n, n)."""
    squares = np.square(rows).sum(axis=1)
    squared: Rows = np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0)
    return np.sqrt(squared)


def bn_scale(trace: Trace) -> Scores:
    """Absolute scale of the BatchNormalization behind a filter (Liu et al., 2017, 'Network Slimming').

    Channels that no BatchNormalization scales get their Euclidean norm: no group holds both kinds.
    """
    scales = add_up(trace, ((ids, np.abs(gamma)) for ids, gamma in _scales_of(trace)))
    scaled = np.zeros(trace.channels.count, np.bool_)
    for ids, _ in _scales_of(trace):
        scaled[ids[ids != NO_CHANNEL]] = True
    return np.where(scaled, scales, l2(trace))


def _scales_of(trace: Trace) -> Iterator[tuple[Names, Scores]]:
    for path, layer in trace.layers.items():
        op = trace.graph.layers[path]
        if isinstance(op, keras.layers.BatchNormalization):
            for index, names in layer.weights.items():
                if weights_of(op)[index].name == "gamma":
                    gamma = np.asarray(keras.ops.convert_to_numpy(op.gamma.value), np.float64)
                    yield trace.channels.find(names.axes[0]), gamma


def random(trace: Trace, seed: int) -> Scores:
    """Random numbers: the baseline to beat (Mittal et al., 2018, 'Recovering from Random Pruning')."""
    return np.random.default_rng(seed).random(trace.channels.count)


FROM_WEIGHTS: dict[str, Callable[[Trace], Scores]] = {"l1": l1, "l2": l2, "fpgm": fpgm, "bn_scale": bn_scale}
