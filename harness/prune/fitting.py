"""Whether examples and labels fit a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import PruneError
from harness.prune.graph import Shape
from harness.shapes import agrees

Array = npt.NDArray[Any]


def check_examples(shapes: Sequence[Shape], examples: Sequence[Array]) -> None:
    """Raise PruneError unless there is an array (N, ...) for each of the inputs' shapes, and fits it."""
    fits = len(shapes) == len(examples)
    if not fits or not all(agrees(part.shape[1:], shape[1:]) for part, shape in zip(examples, shapes, strict=True)):
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


def _shown(shapes: Any) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
