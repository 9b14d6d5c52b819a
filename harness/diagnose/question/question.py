"""The question: read off the arguments of `diagnose`, and refused where it can't be answered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError, SpecError
from harness.diagnose.question.left_out import not_rehearsed
from harness.diagnose.question.losses import Loss, read_loss
from harness.diagnose.question.optimizers import highest_rate, unwrapped, with_rate
from harness.diagnose.question.readable import check_classifier, check_readable


@dataclass(frozen=True)
class Question:
    """What a user wants diagnosed, checked as far as it must be to begin.

    Attributes:
        images: (N, ...) as they go into the network.
        labels: (N,) class numbers or (N, classes) one-hot rows.
        loss: with the weight that the model was compiled with.
        history: metric -> value after each epoch, of a training that was disappointing.
        optimizer: as it is configured for training, without another around it; only its configuration is used.
        rate_given: whether the learning rate is the user's own, rather than Keras's default.
        left_out: what `fit` would do and a rehearsal does not.
    """

    model: keras.Model
    images: NDArray[Any]
    labels: NDArray[Any]
    loss: Loss
    history: Mapping[str, tuple[float, ...]]
    optimizer: keras.optimizers.Optimizer
    learning_rate: float
    rate_given: bool
    left_out: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Of one image, as it was given."""
        return tuple(self.images.shape[1:])

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of the model, for one example: (..., classes)."""
        return tuple(self.model.output_shape[1:])


def read_question(model: keras.Model, images: NDArray[Any], labels: NDArray[Any], **options: Any) -> Question:
    """Check what a user wants diagnosed, as far as it must be to begin; arguments and errors as for `diagnose`."""
    check_readable(model)
    images, labels = _of_rank(_array(images, "images"), model.input_shape), _array(labels, "labels")
    if images.dtype.kind not in "buif":
        raise DataError(f"the images are {images.dtype}, not numbers; give an array of pixels")
    loss = _loss(model, options.get("loss"))
    check_classifier(model, labels, loss)
    optimizer, learning_rate = options.get("optimizer"), options.get("learning_rate")
    used, rate = _optimizer(model, optimizer, learning_rate)
    rate_given = model.compiled or optimizer is not None or learning_rate is not None
    left_out = not_rehearsed(model, optimizer)
    return Question(model, images, labels, loss, _history(options.get("history")), used, rate, rate_given, left_out)


def _array(values: Any, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"the {name} are not all of one shape; give them as one array") from None
    if values is not None and not array.shape:
        raise DataError(f"the {name} are one {type(values).__name__}; give them as an array, one for each example")
    if not array.shape or not len(array):
        raise DataError(f"there are no {name} to diagnose the model with; give at least some of each class")
    return array


def _of_rank(images: NDArray[Any], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Images with a last axis of 1 added or taken away where that gives them the model's rank, as Keras does."""
    if images.ndim == len(shape) + 1 and images.shape[-1] == 1:
        return images[..., 0]
    return images[..., None] if images.ndim == len(shape) - 1 and shape[-1] == 1 else images


def _loss(model: keras.Model, loss: Any) -> Loss:
    """The loss that was given, or the one that the model was compiled with, and the weight that it has there."""
    compiled = model.get_compile_config() if model.compiled else {}
    if loss is None and model.compiled:
        loss = model.loss
    loss = _only(loss)
    if loss is None:
        raise SpecError(
            "loss is missing, and decides what a network can learn from; give loss='sparse_categorical_crossentropy' "
            "for class numbers, 'categorical_crossentropy' for one-hot rows, or the one you train with"
        )
    weight = _only(compiled.get("loss_weights"))
    return replace(read_loss(loss), weight=1.0 if weight is None else float(weight))


def _only(values: Any) -> Any:
    """Keras takes a list or a mapping, too, of what each output has; here there is one."""
    while isinstance(values, Mapping | list | tuple) and len(values) == 1:
        (values,) = values.values() if isinstance(values, Mapping) else values
    return values


def _history(history: Any) -> Mapping[str, tuple[float, ...]]:
    """What `fit` returned, or a mapping, or nothing, as a mapping; None counts as not a number."""
    if history is None:
        return {}
    values = getattr(history, "history", history)
    try:
        return {
            str(name): tuple(float("nan") if value is None else float(value) for value in _series(series))
            for name, series in values.items()
            if len(series)
        }
    except (AttributeError, TypeError, ValueError):
        raise SpecError(
            "history can't be read; give what fit() returned, or {'loss': [...], 'accuracy': [...]}"
        ) from None


def _series(values: Any) -> Any:
    if isinstance(values, str | Mapping):
        raise TypeError(f"{values!r} is no list of numbers")
    return values


def _optimizer(model: keras.Model, optimizer: Any, learning_rate: float | None) -> tuple[Any, float]:
    """The optimizer to rehearse with, and its learning rate."""
    is_number = isinstance(learning_rate, Real)
    if learning_rate is not None and not (is_number and math.isfinite(learning_rate) and learning_rate > 0):
        raise SpecError(f"learning_rate = {learning_rate!r} can't be used; give a number above 0")
    if optimizer is None:
        optimizer = model.optimizer if model.compiled else "adam"
    try:
        used = unwrapped(keras.optimizers.get(optimizer))
    except (ValueError, TypeError):
        raise SpecError(f"optimizer = {optimizer!r} is unknown; use one of Keras's, such as adam or sgd") from None
    rate = highest_rate(used) if learning_rate is None else learning_rate
    if not math.isfinite(rate):
        raise SpecError(f"the optimizer's learning rate is {rate}; give --learning-rate, or learning_rate=0.001")
    try:
        with_rate(used, rate)
    except (ValueError, TypeError, NotImplementedError):
        raise SpecError(
            f"optimizer = {type(used).__name__} can't be made again from its get_config; give --optimizer, or "
            "optimizer='adam'"
        ) from None
    return used, float(f"{rate:.6g}")  # 0.001 rather than its nearest float32
