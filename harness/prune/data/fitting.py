"""Whether examples and labels fit a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.base.shapes import agrees
from harness.prune.keras_graph.graph import Shape
from harness.prune.keras_graph.logits import logit_network

Array = npt.NDArray[Any]


def check_examples(shapes: Sequence[Shape], examples: Sequence[Array]) -> None:
    """Raise PruneError unless there is an array (N, ...) for each of the inputs' shapes, and fits it."""
    if len(shapes) != len(examples):
        raise PruneError(
            f"data: the model has {_count(len(shapes), 'input')} and the data {_count(len(examples), 'array')} of "
            "examples; in Python, give one for each: data=([first, second], labels)"
        )
    if not all(agrees(part.shape[1:], shape[1:]) for part, shape in zip(examples, shapes, strict=True)):
        raise PruneError(
            f"data: examples of shape {_shown(part.shape for part in examples)} don't fit the model's inputs "
            f"{_shown(shapes)}; give data of the shape that the model takes"
        )


def shaped_like_classes(labels: Array, shape: Shape) -> Array:
    """Class numbers in the shape of an output less its last axis, where only axes of size 1 differ."""
    positions = [size for size in shape[1:-1] if size is not None]
    known = len(positions) == len(shape) - 2
    if np.issubdtype(labels.dtype, np.integer) and known and labels.size == len(labels) * math.prod(positions):
        return labels.reshape(len(labels), *positions)
    return labels


def are_class_numbers(labels: Array, shape: Shape) -> bool:
    """Whether the labels are class numbers for an output of this shape; otherwise they are values like the output's.

    Raises:
        PruneError: they are neither, or numbers of classes that the output does not have.
    """
    if np.issubdtype(labels.dtype, np.integer) and agrees(labels.shape[1:], shape[1:-1]):
        classes = max(shape[-1] or 0, 2)  # a single output tells two classes apart
        if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
            raise PruneError(
                f"data: the labels go from {labels.min()} to {labels.max()}, the model has {classes} classes; "
                "give data of the classes that the model knows"
            )
        return True
    if not agrees(labels.shape[1:], shape[1:]):
        raise PruneError(
            f"data: labels of shape {labels.shape} don't fit an output of shape {shape}; "
            "give class numbers, or values of the output's shape"
        )
    return False


def why_no_accuracy(model: keras.Model, labels: Array) -> str | None:
    """Why no share of right answers can be told of this model and these labels; None where it can.

    Raises:
        PruneError: the model is a classifier, and has not the classes that the labels number.
    """
    if len(model.outputs) != 1:
        return f"the model has {len(model.outputs)} outputs, and the data one label an example"
    shape = model.output_shape
    shaped = shaped_like_classes(labels, shape)
    if not np.issubdtype(shaped.dtype, np.integer) or not agrees(shaped.shape[1:], shape[1:-1]):
        return f"the labels are no class numbers for an output of shape {shape}"
    if shape[-1] == 1 and shaped.max(initial=0) > 1 and 0 not in logit_network(model).squashed:
        return "the model's one output tells no two classes apart"
    are_class_numbers(shaped, shape)
    return None


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number != 1 else "")


def _shown(shapes: Any) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
