"""Small networks that the tests prune."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

L = keras.layers


def chain() -> keras.Model:
    """Every layer of a plain CNN, in a row."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            L.Conv2D(8, 3, padding="same", use_bias=False, name="conv_a"),
            L.BatchNormalization(name="bn"),
            L.ReLU(),
            L.MaxPooling2D(2),
            L.Conv2D(6, 3, activation="relu", name="conv_b"),
            L.Dropout(0.5),
            L.AveragePooling2D(2),
            L.Flatten(),
            L.Reshape((4, 6)),
            L.Flatten(),
            L.Dense(10, activation="tanh", name="hidden"),
            L.Dense(5, activation="softmax", name="out"),
        ]
    )


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same model with random weights and statistics, none of them alike."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" not in weight.path:
            value = generator.normal(0.0, 0.4, weight.shape)
            weight.assign(np.abs(value) + 0.5 if "variance" in weight.path or "gamma" in weight.path else value)
    return model


def array(weight: keras.Variable) -> Any:
    """A copy of a weight's value."""
    return np.array(keras.ops.convert_to_numpy(weight.value))


def snapshot(model: keras.Model) -> list[Any]:
    """Copies of all weights."""
    return [array(weight) for weight in model.weights]
