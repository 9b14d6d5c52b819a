"""Stripes to learn, and a network that learned them."""

from __future__ import annotations

import keras
import pytest

from harness.prune.recover.finetune import finetune
from harness.spec import TrainSpec
from tests.prune.recover.stripes import Examples, stripes

L = keras.layers


@pytest.fixture(scope="package")
def examples() -> Examples:
    return Examples(*stripes(320, 0), *stripes(160, 1))


@pytest.fixture(scope="package")
def trained(examples: Examples) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)), L.Conv2D(8, 5, strides=2, name="conv"), L.BatchNormalization(name="bn"), L.ReLU(),
            L.Flatten(), L.Dropout(0.2), L.Dense(4, activation="softmax"),
        ]
    )  # fmt: skip
    finetune(model, examples, TrainSpec(epochs=6, learning_rate=3e-3, batch_size=32))
    return model
