"""Which loss fits a model's output and its labels."""

from __future__ import annotations

from typing import Any

import keras
import numpy.typing as npt

from harness.base.answers import LOGIT, PROBABILITY
from harness.prune.data.fitting import are_class_numbers
from harness.prune.keras_graph.logits import logit_network

Array = npt.NDArray[Any]


def threshold_for(model: keras.Model) -> float:
    """Above what a single output says class 1: 0.5 for a probability, 0 for a logit."""
    return PROBABILITY if 0 in logit_network(model).squashed else LOGIT


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
    if are_class_numbers(labels, shape):
        if shape[-1] == 1:
            return keras.losses.BinaryCrossentropy(from_logits=ends is None)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=ends in (None, "log_softmax"))
    if ends == "softmax":
        return keras.losses.CategoricalCrossentropy()
    return keras.losses.BinaryCrossentropy() if ends == "sigmoid" else keras.losses.MeanSquaredError()
