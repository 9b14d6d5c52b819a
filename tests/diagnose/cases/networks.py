"""Networks that have no weights yet but their first: the four of this project, smaller, and others."""

from __future__ import annotations

from typing import Any

import keras

import models
from tests.diagnose.cases.case import L, chain

SMALL_CAPTCHA = {"filters": [8, 12, 16], "dense_units": 64}
EIGHT = {"input_shape": [40, 40, 3], "n_class": 10}
FUNNEL = {**EIGHT, "design": "funnel", "filters": [8, 8, 16], "dense_units": 64}
CONSTANT = {**EIGHT, "filters": [16, 16, 16]}


def single(**options: Any) -> keras.Model:
    return models.build("single_conv", **{"filters": 8, **options})


def captcha(**options: Any) -> keras.Model:
    return models.build("deepcaptcha", **{**SMALL_CAPTCHA, "reshape": "before_softmax", **options})


def colored(**options: Any) -> keras.Model:
    return models.build("colored", **{"filters": 16, "head_activation": "none", **options})


def funnel(**options: Any) -> keras.Model:
    return models.build("eight_class", **{**FUNNEL, **options})


def constant(**options: Any) -> keras.Model:
    return models.build("eight_class", **{**CONSTANT, **options})


def behind(*first: Any) -> keras.Model:
    """A convolution with its head behind other layers."""
    return chain(*first, L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(10, "softmax"))


def flexible(*layers: Any) -> keras.Model:
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"), shape=(None, None, 1))


def dropped(width: int, rate: float) -> keras.Model:
    return chain(L.Flatten(), L.Dense(width, activation="relu"), L.Dropout(rate), L.Dense(10, activation="softmax"))


def convolution(activation: str) -> keras.Model:
    return chain(L.Conv2D(8, 3, activation=activation), L.MaxPooling2D(), L.Flatten(), L.Dense(10, "softmax"))


def bounded_head(activation: str) -> keras.Model:
    return chain(L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(10, activation=activation), L.Softmax())


def sigmoid_convolutions(depth: int) -> keras.Model:
    layers = [L.Conv2D(8, 3, padding="same", activation="sigmoid") for _ in range(depth)]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def rooted() -> keras.Model:
    """Where the ReLU gives zero the square root's slope is infinite."""
    inputs = keras.Input((28, 28, 1))
    x = keras.ops.sqrt(L.Conv2D(8, 3, activation="relu")(inputs))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(x)))


def without_last_activation(model: keras.Model) -> keras.Model:
    model.layers[-1].activation = keras.activations.linear
    return model


def penalized(model: keras.Model, regularizer: Any) -> keras.Model:
    """The model with a penalty on each of its kernels."""
    for weight in model.trainable_variables:
        if len(weight.shape) > 1:
            weight.regularizer = regularizer
    return model


def normal(deviation: float) -> Any:
    return keras.initializers.RandomNormal(stddev=deviation)
