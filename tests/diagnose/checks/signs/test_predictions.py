"""A trained network that gives one answer to everything; one output has two answers."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from harness.diagnose import Diagnosis, diagnose
from tests.diagnose.cases.case import L, ask, chain, dense_chain, digits, fitted, with_weights
from tests.diagnose.cases.given import binary
from tests.diagnose.cases.weights import always_one


def answered(model: keras.Model, labels: Any, loss: Any = "binary_crossentropy") -> Diagnosis:
    return diagnose(model, digits().train_images, labels, loss=loss)


@pytest.mark.parametrize(
    ("activation", "loss", "bias"),
    [
        ("sigmoid", "binary_crossentropy", 4.0),
        ("sigmoid", "binary_crossentropy", -4.0),
        (None, keras.losses.BinaryCrossentropy(from_logits=True), -4.0),
        ("tanh", "hinge", 2.0),
    ],
)
def test_one_output_that_always_says_the_same_has_collapsed(activation: str | None, loss: Any, bias: float) -> None:
    model = chain(L.Flatten(), L.Dense(8, "relu"), L.Dense(1, activation=activation, name="lamp"))
    with_weights(model, "lamp", lambda weights: [weights[0] * 0.05, weights[1] + bias])
    found = answered(model, binary(digits().train_labels), loss).findings
    assert found[-1].kind == "predictions-collapsed"
    assert found[-1].what == f"The trained network answers {int(bias > 0)} to every image"


def test_one_output_that_tells_classes_apart_has_not_collapsed() -> None:
    """Its border is elsewhere: one class is rare."""
    keras.utils.set_random_seed(1)
    rare = (digits().train_labels == 1).astype(int)
    model = chain(L.Flatten(), L.Dense(1, activation="sigmoid", name="lamp"))
    model.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    model.fit(digits().train_images, rare, epochs=3, verbose=0)
    with_weights(model, "lamp", lambda weights: [weights[0], weights[1] - 3])
    (found,) = (f for f in answered(model, rare).findings if f.kind == "predictions-collapsed")
    assert found.severity == "slows learning"
    assert "class_weight" in found.cure


def test_a_fresh_last_layer_on_a_trained_body_has_not_collapsed() -> None:
    """It may well give one answer to everything before its first step."""
    body = fitted(dense_chain(1, "relu"), digits())
    head = L.Dense(10, activation="softmax", kernel_initializer="zeros")
    model = keras.Model(body.inputs, head(body.layers[-2].output))
    assert ask(model).diagnose().kinds() == ()
    model.layers[-1].bias.assign([1.0] + [0.0] * 9)
    assert ask(model).diagnose().kinds()[-1:] == ("predictions-collapsed",)


def test_the_cause_stands_before_the_collapse() -> None:
    """A Softmax over one output is why it always says 1."""
    model = always_one()
    softened = chain(*model.layers[:-1], L.Dense(1, name="score"), L.Softmax())
    softened.layers[-2].set_weights(model.layers[-1].get_weights())
    assert answered(softened, binary(digits().train_labels)).kinds()[0] == "softmax-of-one"
