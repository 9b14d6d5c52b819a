"""Networks that were trained: what has learned is left alone, in float16 too, and one output has two answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from harness.diagnose import Diagnosis, diagnose
from harness.diagnose.checks.signal.gradients import vanishing
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import SPARSE, L, ask, chain, dense_chain, digits, fitted, with_weights
from tests.diagnose.cases.given import binary
from tests.diagnose.cases.healthy import in_float16
from tests.diagnose.cases.weights import always_one
from tests.diagnose.cures.test_prove import learned


@pytest.fixture
def mixed() -> Iterator[None]:
    """The policy under which Keras wraps every optimizer by itself."""
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


def in_mixed() -> keras.Model:
    return chain(L.Flatten(), L.Dense(32, "relu"), L.Dense(10), L.Activation("softmax", dtype="float32"))


@pytest.mark.usefixtures("mixed")
def test_a_live_network_in_float16_is_diagnosed_with_the_rate_inside_its_wrapper() -> None:
    model = in_mixed()
    model.compile(optimizer=keras.optimizers.SGD(1e-7), loss=SPARSE, jit_compile=False)
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    found = ask(model, digits(limit=500), loss=None, prove=True).diagnose()
    first = found.findings[0]
    assert (found.optimizer, found.learning_rate, first.kind) == ("SGD", 1e-7, "learning-rate-low")
    assert first.proof is not None
    assert learned(first.proof) == ([False] * 3, [True] * 3)


def test_small_gradients_do_not_underflow_in_float16() -> None:
    """Of a loss of hardly anything they are those of the same network in float32, but for the rounding of float16.

    That was 0.4 to 5 % of their norm, by chance and by CPU, since a maximum may be found at another pixel; without a
    scale it was 64 % and more.
    """
    half = fitted(in_float16(), digits(), 5, learning_rate=0.01)
    layers = [L.Conv2D(8, 3, activation="relu"), L.GlobalMaxPooling2D(), L.Dense(10), L.Activation("softmax")]
    whole = chain(*layers)
    whole.set_weights(half.get_weights())
    data = digits()
    gradients = [
        Evidence(read_question(model, data.train_images, data.train_labels, loss=tiny)).before.backward.weights[0]
        for model in (half, whole)
    ]
    assert np.linalg.norm(gradients[0] - gradients[1]) < 0.1 * np.linalg.norm(gradients[1])


def tiny(labels: Any, outputs: Any) -> Any:
    return 1e-4 * keras.losses.sparse_categorical_crossentropy(labels, outputs)


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam(0.02), keras.optimizers.SGD(0.5)])
def test_a_wrapper_is_looked_through(optimizer: Any) -> None:
    wrapped = keras.optimizers.LossScaleOptimizer(optimizer)
    found = ask(dense_chain(1, "relu"), optimizer=wrapped).diagnose()
    assert (found.optimizer, found.learning_rate) == (
        type(optimizer).__name__,
        pytest.approx(float(optimizer.learning_rate)),
    )


class Averaging(keras.optimizers.Optimizer):  # type: ignore[misc] # Keras has no types
    """Someone's own optimizer around another."""

    def __init__(self, inner_optimizer: Any) -> None:
        super().__init__(learning_rate=1.0)
        self.inner_optimizer = inner_optimizer


def test_a_wrapper_that_keras_does_not_know_is_said_to_be_left_out() -> None:
    found = ask(dense_chain(1, "relu"), optimizer=Averaging(keras.optimizers.Adam(0.003))).diagnose()
    assert (found.optimizer, found.learning_rate) == ("Adam", 0.003)
    assert found.unchecked == ("what Averaging does around Adam, which is rehearsed alone",)


@pytest.fixture(scope="module")
def by_heart() -> keras.Model:
    """All digits right, a loss of nearly nothing."""
    keras.utils.set_random_seed(1)
    return fitted(dense_chain(2, "relu"), digits(), 20, learning_rate=0.01)


@pytest.mark.parametrize("rate", [0.1, 1e-7], ids=["high", "low"])
def test_what_knows_its_examples_is_not_told_of_how_learning_begins(by_heart: keras.Model, rate: float) -> None:
    """The loss can't fall any more, and every long step raises it."""
    assert ask(by_heart, learning_rate=rate).diagnose().kinds() == ()


def test_fading_gradients_of_a_network_that_learned_all_the_same_are_no_finding(by_heart: keras.Model) -> None:
    """Its first layer has hardly any gradient, and needs none; a fresh one would learn nothing like that."""
    model = keras.models.clone_model(by_heart)
    model.set_weights(by_heart.get_weights())
    with_weights(model, model.layers[1].name, lambda weights: [1e3 * weight for weight in weights])
    with_weights(model, model.layers[2].name, lambda weights: [weights[0] * 1e-3, weights[1]])
    evidence = Evidence(read_question(model, digits().train_images, digits().train_labels, loss=SPARSE))
    assert vanishing(evidence) == "stops learning"
    assert ask(model).diagnose().kinds() == ()


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


def test_what_a_rate_made_explode_is_the_rate() -> None:
    """The initial weights were fine, and a tenth of the steps goes down."""
    layers = [L.Flatten(), L.Dense(32, "leaky_relu"), L.Dense(32, "leaky_relu"), L.Dense(10, "softmax")]
    keras.utils.set_random_seed(1)
    model = chain(*layers)
    model.compile(optimizer=keras.optimizers.Adam(3.0), loss=SPARSE, jit_compile=False)
    model.fit(digits().train_images, digits().train_labels, batch_size=32, epochs=2, verbose=0)
    kinds = ask(model, loss=None).diagnose().kinds()
    assert kinds[0] == "learning-rate-high"
    assert "activations-explode" not in kinds
