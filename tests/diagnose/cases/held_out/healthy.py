"""Healthy networks of other designs."""

from __future__ import annotations

from typing import Any

import keras

from tests.diagnose.cases.case import Case, L, ask, chain, digits, fitted, one_hot
from tests.diagnose.cases.given import changed, color
from tests.diagnose.cases.healthy import application, many, residual
from tests.diagnose.cases.held_out.networks import (
    gated,
    in_halves,
    in_one_dimension,
    lenet,
    normalized_by_group,
    recurrent,
    scaling,
    shared,
    transformer,
    transposed,
    vgg,
)
from tests.diagnose.cases.networks import colored, penalized

HEALTHY: tuple[Case, ...] = (
    Case("LeNet", lambda: ask(lenet())),
    Case(
        "LeNet, squared hinge of each class",
        lambda: changed(labels=lambda y: 2 * one_hot(y) - 1)(
            lenet("tanh", L.Dense(10)), loss=keras.losses.SquaredHinge()
        ),
    ),
    Case(
        "LeNet, categorical hinge",
        lambda: changed(labels=one_hot)(lenet("relu", L.Dense(10)), loss="categorical_hinge"),
    ),
    Case("LeNet of ReLUs, standardized", lambda: changed(images=standardized)(lenet("relu"))),
    Case("LeNet, -1 to 1", lambda: changed(images=lambda x: 2 * x - 1)(lenet("relu"))),
    Case("LeNet, trained", lambda: ask(fitted(lenet(), many()), many())),
    Case("six convolutions, he_normal, Dropout", lambda: ask(vgg("he_normal"))),
    Case("squeeze and excitation", lambda: ask(gated())),
    Case("transformer", lambda: ask(transformer())),
    Case("a layer used three times", lambda: ask(shared())),
    Case("LSTM over rows", lambda: ask(recurrent())),
    Case("one-dimensional convolution", lambda: changed(images=lambda x: x[..., 0])(in_one_dimension())),
    Case("normalized by group, 0 to 255", lambda: ask(normalized_by_group(), digits("raw"))),
    Case("transposed convolution", lambda: ask(transposed())),
    Case(
        "wide layers",
        lambda: ask(chain(L.Flatten(), L.Dense(1024, "relu"), L.Dense(1024, "relu"), L.Dense(10, "softmax"))),
    ),
    Case(
        "colored, Nesterov",
        lambda: ask(colored(), color(), optimizer=keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True)),
    ),
    Case("skip connections, trained", lambda: ask(fitted(residual(), many()), many())),
    Case("six convolutions, L2 of 5e-4", lambda: ask(penalized(vgg("he_normal"), keras.regularizers.L2(5e-4)))),
    Case(
        "LeNet, clipped, averaged",
        lambda: ask(lenet(), optimizer=keras.optimizers.Adam(clipnorm=1.0, use_ema=True, ema_overwrite_frequency=5)),
    ),
    Case(
        "LeNet, Lion with its decay",
        lambda: ask(lenet(), optimizer=keras.optimizers.Lion(1e-4, weight_decay=0.1)),
    ),
    Case("LeNet, learned by heart", lambda: ask(fitted(lenet(), digits(), 40, learning_rate=3e-3))),
    Case("dense of float16, a loss scaled", lambda: ask(in_halves(), optimizer=scaling())),
    application("MobileNetV3Large", 255.0),
    application("EfficientNetB1", 255.0),
)


def standardized(images: Any) -> Any:
    return (images - images.mean()) / images.std()
