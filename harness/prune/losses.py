"""Which loss fits a model's output and its labels."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.errors import PruneError
from harness.prune.graph import Shape
from harness.prune.logits import logit_network

Array = npt.NDArray[Any]


def loss_for(model: keras.Model, number: int, labels: Array) -> keras.losses.Loss:
    """Cross-entropy for class numbers or shares, squared error for anything else.

    Args:
        model: the network.
        number: which of its outputs.
        labels: class numbers, integers in the output's shape less its last axis, or values in the output's shape.

    Raises:
        PruneError: the labels don't fit the output.
    """
    network = logit_network(model)
    shape = network.graph.shapes[network.graph.outputs[number]]
    ends = network.squashed.get(number)
    if np.issubdtype(labels.dtype, np.integer) and _agrees(labels.shape[1:], shape[1:-1]):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=ends is None)
    if not _agrees(labels.shape[1:], shape[1:]):
        raise PruneError(
            f"data: the labels of output {number + 1} have shape {labels.shape}, the output {shape}; "
            "give class numbers, or values of the output's shape"
        )
    if ends == "softmax":
        return keras.losses.CategoricalCrossentropy()
    return keras.losses.BinaryCrossentropy() if ends == "sigmoid" else keras.losses.MeanSquaredError()


def shaped_like_classes(labels: Array, shape: Shape) -> Array:
    """Class numbers in the shape of an output less its last axis, where only axes of size 1 differ."""
    positions = [size for size in shape[1:-1] if size is not None]
    known = len(positions) == len(shape) - 2
    if np.issubdtype(labels.dtype, np.integer) and known and labels.size == len(labels) * math.prod(positions):
        return labels.reshape(len(labels), *positions)
    return labels


def _agrees(sizes: tuple[int, ...], shape: Shape) -> bool:
    return len(sizes) == len(shape) and all(b in (None, a) for a, b in zip(sizes, shape, strict=True))
