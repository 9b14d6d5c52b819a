"""Labels and losses: what kind each is, and labels in the shape that a loss wants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from harness.base.errors import SpecError

# `rows`: another of Keras's losses, which compares an output with a label of the same shape; `custom`: anyone's own.
LossKind = Literal["sparse", "categorical", "binary", "rows", "custom"]

_KINDS: dict[Any, LossKind] = {
    keras.losses.SparseCategoricalCrossentropy: "sparse",
    keras.losses.sparse_categorical_crossentropy: "sparse",
    keras.losses.CategoricalCrossentropy: "categorical",
    keras.losses.categorical_crossentropy: "categorical",
    keras.losses.BinaryCrossentropy: "binary",
    keras.losses.binary_crossentropy: "binary",
}


# Losses for labels of -1 and 1, which Keras makes of 0 and 1 too. Categorical hinge takes one-hot rows.
_OF_SIGNS = (keras.losses.Hinge, keras.losses.SquaredHinge, keras.losses.hinge, keras.losses.squared_hinge)


@dataclass(frozen=True)
class Loss:
    """A loss function as Keras takes it, and what it expects.

    `takes_signs` says that a label of -1 means the same to it as 0; `weight` is what it is multiplied by in training.
    """

    function: Any
    name: str
    kind: LossKind
    from_logits: bool
    takes_signs: bool = False
    weight: float = 1.0

    @property
    def is_crossentropy(self) -> bool:
        return self.kind in ("sparse", "categorical", "binary")


def read_loss(loss: Any) -> Loss:
    """Read a loss given by name, as a function, or as a Keras Loss.

    Raises:
        SpecError: the name is unknown.
    """
    try:
        function = keras.losses.get(loss)
    except (ValueError, TypeError):
        raise SpecError(
            f"loss = {loss!r} is unknown; use one of Keras's, such as sparse_categorical_crossentropy"
        ) from None
    name = str(getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__))
    kind = _kind(function)
    config = function.get_config() if isinstance(function, keras.losses.Loss) else {}
    takes_signs = type(function) in _OF_SIGNS or function in _OF_SIGNS
    return Loss(function, name, kind, bool(config.get("from_logits", False)), takes_signs)


def _kind(function: Any) -> LossKind:
    known = _KINDS.get(type(function)) or _KINDS.get(function)
    module = type(function).__module__ if isinstance(function, keras.losses.Loss) else function.__module__
    return known or ("rows" if module.partition(".")[0] == "keras" else "custom")


def crossentropy(kind: LossKind, *, from_logits: bool) -> keras.losses.Loss:
    """The cross-entropy of a kind, which takes logits or probabilities.

    Raises:
        SpecError: the kind is no cross-entropy.
    """
    made = {
        "sparse": keras.losses.SparseCategoricalCrossentropy,
        "categorical": keras.losses.CategoricalCrossentropy,
        "binary": keras.losses.BinaryCrossentropy,
    }
    if kind not in made:
        raise SpecError("only a cross-entropy takes logits; use another loss, or leave out from_logits")
    return made[kind](from_logits=from_logits)


@dataclass(frozen=True)
class Labels:
    """Labels as they were given. `encoding` is None where they are no labels of classes.

    `one-hot` are rows with a number for each class that sum to 1, also soft ones as mixing or smoothing makes them;
    `multi-hot` are rows of numbers from 0 to 1 that don't. `classes` is int64 (N,), the class of each example, or the
    likeliest one of a soft row; None where there isn't one class.
    """

    encoding: Literal["integer", "one-hot", "multi-hot"] | None
    classes: NDArray[np.int64] | None


def read_labels(labels: NDArray[Any], loss: Loss) -> Labels:
    """Tell class numbers, (N,) or (N, 1), from rows with a number for each class, (N, ..., K)."""
    if labels.dtype.kind not in "buif":
        return Labels(None, None)
    if loss.takes_signs and np.isin(labels, (-1, 1)).all():
        labels = (labels > 0).astype(np.int64)
    if math.prod(labels.shape[1:]) == 1:
        flat = labels.reshape(-1)
        whole = bool(np.all(np.isfinite(flat))) and bool(np.all(flat == np.floor(flat)))
        return Labels("integer", flat.astype(np.int64)) if whole else Labels(None, None)
    rows = labels.reshape(len(labels), -1)
    if not ((rows >= 0) & (rows <= 1)).all():
        return Labels(None, None)
    if np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        return Labels("one-hot", rows.argmax(axis=1).astype(np.int64))
    return Labels("multi-hot", None)


def targets_for(loss: Loss, labels: NDArray[Any], read: Labels, output_shape: tuple[int, ...]) -> NDArray[Any]:
    """Labels as the loss wants them, whichever way they were encoded.

    `output_shape` is that of the network, for one example: (..., classes).

    Returns:
        (N, ...) class numbers for `sparse`; (N, ..., classes) one-hot for `categorical`; the output's shape else. The
        labels as they are for `custom`.
    """
    *positions, width = output_shape
    if loss.kind == "custom":
        return labels
    if read.classes is None:
        return labels.astype(np.float32).reshape((-1, *output_shape))
    if loss.kind == "sparse":
        return read.classes.reshape((-1, *positions))
    if width == 1:
        return read.classes.astype(np.float32).reshape((-1, *output_shape))
    return np.eye(width, dtype=np.float32)[read.classes].reshape((-1, *output_shape))
