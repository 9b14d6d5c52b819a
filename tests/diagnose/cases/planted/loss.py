"""Faults between logits and loss, and in what is lowered beside it."""

from __future__ import annotations

import keras

import models
from tests.diagnose.cases.case import Case, L, ask, chain, dense_chain, digits, fitted, one_hot
from tests.diagnose.cases.given import binary, changed, color, color_40
from tests.diagnose.cases.networks import (
    bounded_head,
    captcha,
    colored,
    funnel,
    penalized,
    single,
    without_last_activation,
)
from tests.diagnose.cases.weights import frozen

L1, L2 = keras.regularizers.L1, keras.regularizers.L2

CASES: tuple[Case, ...] = (
    Case(
        "Softmax over an axis of one",
        lambda: ask(chain(L.Flatten(), L.Dense(10), L.Reshape((1, 10)), L.Softmax(axis=1), L.Flatten())),
        "softmax-of-one",
    ),
    # What stands between the logits and the loss.
    Case("deepcaptcha as asked", lambda: ask(models.build("deepcaptcha"), digits("raw")), "softmax-hidden"),
    Case(
        "single_conv, Reshape after Softmax",
        lambda: ask(
            chain(
                L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(10, activation="softmax"), L.Reshape((1, 10))
            ),
            digits("raw"),
        ),
        "softmax-hidden",
    ),
    Case(
        "dense, Dropout after Softmax",
        lambda: ask(
            chain(L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10), L.Softmax(), L.Dropout(0.1)), digits("raw")
        ),
        "softmax-hidden",
    ),
    Case(
        "eight_class, no Softmax",
        lambda: ask(without_last_activation(funnel()), color_40()),
        "from-logits",
    ),
    Case("single_conv, no Softmax", lambda: ask(without_last_activation(single())), "from-logits"),
    Case(
        "single_conv, no Softmax, one-hot",
        lambda: changed(labels=one_hot)(without_last_activation(single()), loss="categorical_crossentropy"),
        "from-logits",
    ),
    Case(
        "deepcaptcha, Softmax twice",
        lambda: ask(
            captcha(reshape="after_softmax"), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        ),
        "from-logits",
    ),
    Case("colored as asked", lambda: ask(models.build("colored"), color()), "clipped-logits"),
    Case(
        "colored, ReLUs everywhere",
        lambda: ask(colored(head_activation="relu", conv_activation="relu"), color()),
        "clipped-logits",
    ),
    Case("single_conv, ReLU before Softmax", lambda: ask(bounded_head("relu")), "clipped-logits"),
    Case("single_conv, tanh before Softmax", lambda: ask(bounded_head("tanh")), "clipped-logits"),
    Case("single_conv, sigmoid before Softmax", lambda: ask(bounded_head("sigmoid")), "clipped-logits"),
    Case(
        "Softmax over one output",
        lambda: changed(labels=binary)(
            chain(L.Flatten(), L.Dense(16, activation="relu"), L.Dense(1, activation="softmax")),
            loss="binary_crossentropy",
        ),
        "softmax-of-one",
    ),
    # What is lowered, beside the loss too.
    Case("every layer frozen", lambda: ask(frozen(captcha())), "nothing-trainable"),
    Case("deepcaptcha, L2 of 1", lambda: ask(penalized(captcha(), L2(1.0))), "penalty-drowns-loss"),
    Case(
        "dense, L1 of 0.1, trained",
        lambda: ask(fitted(penalized(dense_chain(2, "relu"), L1(0.1)), digits(), 10)),
        "penalty-drowns-loss",
    ),
    Case(
        "convolutions, activity of L2 3",
        lambda: ask(
            chain(
                L.Conv2D(8, 3, activation="relu", activity_regularizer=L2(3.0)),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(10, activation="softmax"),
            )
        ),
        "penalty-drowns-loss",
    ),
    Case(
        "eight_class, weight decay of 100",
        lambda: ask(funnel(), color_40(), optimizer=keras.optimizers.AdamW(1e-3, weight_decay=100.0)),
        "weight-decay-high",
    ),
)
