"""How much each channel matters, from the weights alone.

A channel may be computed by several layers (an Add joins them); its importance is the sum over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import numpy.typing as npt

from harness.prune.graph import weights_of
from harness.prune.provenance import NO_CHANNEL, Names
from harness.prune.trace import Trace

Scores = npt.NDArray[np.float64]
Filters = npt.NDArray[np.float64]
Measure = Callable[[Filters], Scores]


def filters_of(trace: Trace) -> Iterator[tuple[Names, Filters]]:
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


def summed(trace: Trace, measure: Measure) -> Scores:
    """A measure of each filter, added up over every layer that computes the channel: float64 (ids,), by root id."""
    scores = np.zeros(trace.channels.count)
    for ids, rows in filters_of(trace):
        named = ids != NO_CHANNEL
        np.add.at(scores, ids[named], measure(rows)[named])
    return scores


def l1(trace: Trace) -> Scores:
    """Sum of absolute weights (Li et al., 2017, 'Pruning Filters for Efficient ConvNets')."""
    return summed(trace, lambda rows: np.abs(rows).sum(axis=1))


def l2(trace: Trace) -> Scores:
    """Euclidean norm (He et al., 2018, 'Soft Filter Pruning for Accelerating Deep CNNs')."""
    return np.sqrt(summed(trace, lambda rows: np.square(rows).sum(axis=1)))


def random(trace: Trace, seed: int) -> Scores:
    """Random numbers: the baseline that an importance has to beat (Mittal et al., 2018, 'Recovering from Random
    Pruning').
    """
    return np.random.default_rng(seed).random(trace.channels.count)


DATA_FREE: dict[str, Callable[[Trace], Scores]] = {"l1": l1, "l2": l2}


def score(trace: Trace, importance: str, seed: int) -> Scores:
    """The importance of every channel, by root id: float64 (ids,)."""
    return random(trace, seed) if importance == "random" else DATA_FREE[importance](trace)
