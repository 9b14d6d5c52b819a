"""Faults in networks of other designs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.diagnose.cases.case import Case, L, ask, chain, dense_chain, digits, fitted, one_hot, with_weights
from tests.diagnose.cases.given import changed, color_40
from tests.diagnose.cases.held_out.networks import (
    body_briefly_trained,
    ends,
    infinite_variance,
    lenet,
    lengths,
    penalized_inside,
    stopped,
    sure_of_one_class,
    transformer,
    vgg,
)
from tests.diagnose.cases.networks import funnel
from tests.diagnose.cases.weights import first_rows, frozen, scaled_layer

NEGATIVE = keras.initializers.RandomUniform(-0.2, -0.1)

PLANTED: tuple[Case, ...] = (
    Case("LeNet, 0 to 255", lambda: ask(lenet(), digits("raw")), "inputs-unscaled"),
    Case(
        "dense, pixels of 1e-4", lambda: changed(images=lambda x: x * 1e-4)(dense_chain(2, "relu")), "inputs-unscaled"
    ),
    Case(
        "LeNet, Rescaling after Softmax",
        lambda: ask(lenet("relu", L.Dense(10, activation="softmax"), L.Rescaling(1.0)), digits("raw")),
        "softmax-hidden",
    ),
    Case(
        "LeNet, one output without sigmoid",
        lambda: changed(labels=lambda y: y > 4)(lenet("relu", L.Dense(1)), loss="binary_crossentropy"),
        "from-logits",
    ),
    Case("transformer without Softmax", lambda: ask(keras.Model(*ends(transformer()))), "from-logits"),
    Case(
        "normalized ReLU before Softmax",
        lambda: ask(lenet("relu", L.Dense(10), L.BatchNormalization(), L.ReLU(), L.Softmax())),
        "clipped-logits",
    ),
    Case(
        "LeNet, ReLU6 before Softmax",
        lambda: ask(lenet("tanh", L.Dense(10), L.ReLU(6.0), L.Softmax())),
        "clipped-logits",
    ),
    Case("LeNet, class numbers", lambda: ask(lenet(), loss="categorical_crossentropy"), "label-encoding"),
    Case("LeNet, a class of -1", lambda: changed(labels=unknown_class)(lenet()), "class-count"),
    Case("dense, all zeros", lambda: changed(labels=lambda y: y * 0)(dense_chain(2, "relu")), "one-class"),
    Case("LeNet, flat images", lambda: changed(images=lambda x: x.reshape(len(x), -1))(lenet()), "input-shape"),
    Case(
        "a large kernel after poolings",
        lambda: ask(
            chain(
                L.Conv2D(8, 5, activation="relu"),
                L.MaxPooling2D(4),
                L.Conv2D(8, 7, activation="relu"),
                L.GlobalMaxPooling2D(),
                L.Dense(10, activation="softmax"),
                shape=(None, None, 1),
            )
        ),
        "feature-map-eaten",
    ),
    Case(
        "LeNet, a NaN label",
        lambda: changed(labels=with_nan)(lenet(), loss="categorical_crossentropy"),
        "data-not-finite",
    ),
    Case("an infinite variance", lambda: ask(infinite_variance()), "weights-not-finite"),
    Case(
        "strided convolutions without activation",
        lambda: ask(
            chain(
                *[L.Conv2D(16, 3, strides=2, padding="same") for _ in range(3)],
                L.GlobalAveragePooling2D(),
                L.Dense(10, activation="softmax"),
            )
        ),
        "no-nonlinearity",
    ),
    Case("LeNet, negative kernels", lambda: ask(lenet("relu", kernel_initializer=NEGATIVE)), "dead-units"),
    Case(
        "ten tiny convolutions",
        lambda: ask(vgg(keras.initializers.TruncatedNormal(stddev=0.005), depth=10)),
        "activations-shrink",
    ),
    Case(
        "six large convolutions",
        lambda: ask(vgg(keras.initializers.VarianceScaling(scale=50.0))),
        "activations-explode",
    ),
    Case("seven hard sigmoid layers", lambda: ask(dense_chain(7, "hard_sigmoid")), "gradients-vanish"),
    Case(
        "dense, squared error of a large last layer",
        lambda: changed(labels=one_hot)(
            scaled_layer(chain(L.Flatten(), L.Dense(64, "relu"), L.Dense(10, name="out")), "out", 400), loss="mse"
        ),
        "gradients-explode",
    ),
    Case("lengths of vectors of zeros", lambda: ask(lengths()), "gradients-explode"),
    Case("LeNet, large last layer", lambda: ask(scaled_layer(lenet(), "out", 60)), "output-saturated"),
    Case("LeNet, images cut", lambda: changed(images=lambda x: x[:300])(lenet()), "examples-mismatch"),
    Case(
        "LeNet, SGD with momentum at 5",
        lambda: ask(lenet("relu"), optimizer=keras.optimizers.SGD(5.0, momentum=0.9)),
        "learning-rate-high",
    ),
    Case(
        "dense, SGD at 1e-6",
        lambda: ask(dense_chain(2, "relu"), optimizer="sgd", learning_rate=1e-6),
        "learning-rate-low",
    ),
    Case(
        "LeNet, sure of one class",
        lambda: ask(sure_of_one_class(fitted(lenet(), digits(), 2))),
        "predictions-collapsed",
    ),
    Case(
        "LeNet, ten epochs at chance",
        lambda: ask(lenet(), history={"acc": [0.1] * 10, "loss": [2.303] * 10, "val_acc": [0.5] * 10}),
        "chance-plateau",
    ),
    Case("LeNet, an infinite loss", lambda: ask(lenet(), history={"loss": [2.3, float("inf")]}), "loss-not-finite"),
    Case("five of 12 filters removed, first rows", lambda: ask(first_rows(12, 5)), "rows-misordered"),
    Case("a frozen network for eight classes", lambda: ask(frozen(funnel()), color_40()), "nothing-trainable"),
    Case("a stopped gradient", lambda: ask(stopped()), "zero-gradient"),
    Case(
        "LeNet, Softmax of one",
        lambda: changed(labels=lambda y: y > 4)(lenet("relu", L.Dense(1), L.Softmax()), loss="binary_crossentropy"),
        "softmax-of-one",
    ),
    Case("LSTM, L2 of 1 inside Bidirectional", lambda: ask(penalized_inside()), "penalty-drowns-loss"),
    Case(
        "LeNet, L1 of 0.3 on what it makes",
        lambda: ask(lenet("relu", kernel_regularizer="l2", activity_regularizer=keras.regularizers.L1(0.3))),
        "penalty-drowns-loss",
    ),
    Case(
        "LeNet, SGD with a decay of 3",
        lambda: ask(lenet("relu"), optimizer=keras.optimizers.SGD(0.1, weight_decay=3.0)),
        "weight-decay-high",
    ),
    Case("a normalized body in a model, 40 steps", lambda: ask(body_briefly_trained()), "moving-statistics"),
    Case(
        "LeNet, hinge, always -1",
        lambda: changed(labels=lambda y: 2 * (y % 2) - 1)(
            with_weights(
                lenet("relu", L.Dense(1, name="out", activation="tanh")), "out", lambda w: [w[0] * 0.05, w[1] - 1]
            ),
            loss="hinge",
        ),
        "predictions-collapsed",
    ),
)


def unknown_class(labels: Any) -> Any:
    return np.where(labels == 7, -1, labels)


def with_nan(labels: Any) -> Any:
    labels = one_hot(labels)
    labels[5] = np.nan
    return labels
