"""What is given beside a network: images and labels, changed or not, a loss, a history."""

from __future__ import annotations

from typing import Any

import keras

from harness.data import Dataset
from tests.diagnose.cases.case import Asked, digits


def color() -> Dataset:
    return digits(color=True)


def color_40() -> Dataset:
    return digits(color=True, side=40)


def changed(data: Dataset | None = None, *, images: Any = None, labels: Any = None) -> Any:
    """Turns a model into a case with the data's images or labels changed."""
    data = data or digits()

    def made(model: keras.Model, **options: Any) -> Asked:
        return Asked(
            model,
            data.train_images if images is None else images(data.train_images),
            data.train_labels if labels is None else labels(data.train_labels),
            options,
        )

    return made


def half_black(images: Any) -> Any:
    images = images.copy()
    images[::2] = 0
    return images


def holed(values: Any, value: float) -> Any:
    values = values.copy()
    values[3, 5, 5, 0] = value
    return values


def binary(labels: Any) -> Any:
    return labels % 2


def stuck_history(epochs: int = 5) -> dict[str, list[float]]:
    return {"loss": [2.31] * epochs, "accuracy": [0.1] * epochs}


def weighed(labels: Any, outputs: Any) -> Any:
    """Cross-entropy that makes far too much of one class."""
    weights = keras.ops.where(keras.ops.equal(keras.ops.reshape(labels, (-1,)), 7), 1e6, 1.0)
    return keras.losses.sparse_categorical_crossentropy(labels, outputs) * weights
