"""Measure the statistics of BatchNormalization layers again, after what feeds them has changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.prune.keras_graph.graph import Call, run
from harness.prune.keras_graph.reading import read_graph

Array = npt.NDArray[Any]


def recalibrate(model: keras.Model, images: Array, batch_size: int = 64) -> bool:
    """Set moving means and variances to those of `images`, in place. No weight is trained.

    Each batch is normalised by its own statistics on its way, as in training; nothing is dropped out. The effect is
    described in Li et al., 2020, 'EagleEye: Fast Sub-net Evaluation for Efficient Neural Network Pruning'.

    Args:
        model: a functional or Sequential model of one input.
        images: inputs, (N, ...).
        batch_size: how many at a time.

    Returns:
        Whether there was any such layer.
    """
    graph = read_graph(model)
    sums: dict[str, tuple[Array, Array, int]] = {}

    def step(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kwargs = {key: value for key, value in kwargs.items() if key != "training"}
        if isinstance(call.op, keras.layers.BatchNormalization):
            mean, square, count = _moments(call.op, args[0])
            _set(call.op, mean / count, square / count)
            before = sums.get(call.path, (0.0, 0.0, 0))
            sums[call.path] = (before[0] + mean, before[1] + square, before[2] + count)
        return call.op(*args, **kwargs)

    for start in range(0, len(images), batch_size):
        run(graph, [keras.ops.convert_to_tensor(images[start : start + batch_size])], step)
    for path, (mean, square, count) in sums.items():
        _set(graph.layers[path], mean / count, square / count)
    return bool(sums)


def _moments(layer: Any, x: Any) -> tuple[Array, Array, int]:
    """Sums of values and of their squares for each channel, and how many values each has."""
    axis = layer.axis % len(x.shape)
    values = np.moveaxis(np.asarray(keras.ops.convert_to_numpy(x), np.float64), axis, -1)
    rows = values.reshape(-1, values.shape[-1])
    return rows.sum(axis=0), np.square(rows).sum(axis=0), len(rows)


def _set(layer: Any, mean: Array, square: Array) -> None:
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(np.maximum(square - np.square(mean), 0.0))
