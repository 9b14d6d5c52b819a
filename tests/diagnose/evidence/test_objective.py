"""A rehearsal lowers what `fit` would lower: the loss, its weight, every penalty, and weight decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from harness.diagnose import Diagnosis, diagnose
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import SPARSE, L, ask, chain, dense_chain, digits, fitted
from tests.diagnose.cases.networks import penalized
from tests.diagnose.cures.test_prove import gained, learned, proof

R = keras.regularizers
EXAMPLES = 32


class Squares(L.Layer):  # type: ignore[misc] # Keras has no types
    """Adds a tenth of its inputs' mean square to the loss."""

    def call(self, inputs: Any) -> Any:
        self.add_loss(0.1 * keras.ops.mean(keras.ops.square(inputs)))
        return inputs


def ones(weight: Any) -> Any:
    """A regularizer that is a function."""
    return keras.ops.sum(keras.ops.square(weight - 1))


def nested() -> keras.Model:
    inner = chain(
        L.Conv2D(4, 3, activation="relu", kernel_regularizer="l2", activity_regularizer=R.L1(1e-3)),
        L.BatchNormalization(beta_regularizer=R.L2(1.0), gamma_regularizer="l1"),
    )
    return chain(inner, L.Flatten(), L.ActivityRegularization(l2=1e-4), L.Dense(10, "softmax", bias_regularizer=ones))


def wrapped() -> keras.Model:
    inside = L.Dense(8, kernel_regularizer="l2", activity_regularizer=R.L2(0.01))
    around = L.Bidirectional(L.LSTM(4, kernel_regularizer="l2", recurrent_regularizer="l1"))
    return chain(L.MaxPooling2D(4), L.Reshape((7, 7)), L.TimeDistributed(inside), around, L.Dense(10, "softmax"))


def shared() -> keras.Model:
    """Its activity counts twice, its kernel once."""
    inputs = keras.Input((28, 28, 1))
    twice = L.Conv2D(1, 3, padding="same", activation="relu", kernel_regularizer="l2", activity_regularizer="l2")
    return keras.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(twice(twice(inputs)))))


def partly_frozen() -> keras.Model:
    """The penalty of a frozen layer counts for nothing."""
    layers = [L.Dense(16, "relu", kernel_regularizer="l2"), L.Dense(10, "softmax", kernel_regularizer="l2")]
    model = chain(L.Flatten(), *layers)
    model.layers[1].trainable = False
    return model


def added() -> keras.Model:
    return chain(L.Flatten(), L.Dense(16, "relu"), Squares(), L.Dense(10, "softmax", kernel_regularizer="l1"))


@pytest.mark.parametrize(
    ("make", "weight"), [(nested, 1.0), (wrapped, 1.0), (shared, 1.0), (partly_frozen, 1.0), (added, 0.25)]
)
def test_the_rehearsal_lowers_what_fit_lowers(make: Callable[[], keras.Model], weight: float) -> None:
    """Loss and gradient of the copy are those of one step of `fit` with plain gradient descent."""
    model, data = make(), digits()
    images, labels = data.train_images[:EXAMPLES], data.train_labels[:EXAMPLES]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=SPARSE, loss_weights=[weight], jit_compile=False)
    evidence = Evidence(read_question(model, images, labels))
    found = evidence.before.backward
    chosen = np.random.default_rng(0).permutation(len(images))[: evidence.batch_size]

    before = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
    loss = model.train_on_batch(images[chosen], labels[chosen])
    steps = [b - keras.ops.convert_to_numpy(w) for b, w in zip(before, model.trainable_variables, strict=True)]

    assert weight * found.loss + found.penalty == pytest.approx(float(loss), rel=1e-4)
    assert found.penalty > 0
    for step, gradient in zip(steps, found.objective, strict=True):
        np.testing.assert_allclose(gradient, step, rtol=1e-2, atol=1e-3 * np.abs(step).max() + 1e-7)


def test_constraints_hold_in_the_rehearsal() -> None:
    model = chain(L.Flatten(), L.Dense(10, "softmax", kernel_constraint=keras.constraints.MaxNorm(1e-3)))
    evidence = Evidence(read_question(model, digits().train_images, digits().train_labels, loss=SPARSE))
    assert evidence.losses[-1] < evidence.losses[0]
    kernel = keras.ops.convert_to_numpy(evidence.network.model.trainable_variables[0])
    assert np.linalg.norm(kernel, axis=0).max() <= 1.001e-3


def diagnosis(model: keras.Model, **options: Any) -> Diagnosis:
    return ask(model, digits(limit=500), **options).diagnose()


@pytest.fixture(scope="module")
def drowned() -> keras.Model:
    """Compiled, never trained."""
    keras.utils.set_random_seed(1)
    model = penalized(dense_chain(3, "relu"), R.L2(1.0))
    model.compile(optimizer="adam", loss=SPARSE, jit_compile=False)
    return model


def test_a_penalty_that_drowns_the_loss_is_the_first_finding(drowned: keras.Model) -> None:
    """Whether the loss is the model's or given anew; `losses` is what remains of the predictions."""
    for options in ({"loss": None}, {"loss": SPARSE}):
        found = diagnosis(drowned, **options)
        first = found.findings[0]
        assert (first.kind, first.severity) == ("penalty-drowns-loss", "stops learning")
        assert first.cure == "Lower l2 from 1 to about 0.001"
        assert found.penalties[0] > 10 * found.losses[0] > 0  # type: ignore[operator]
        assert len(found.penalties) == len(found.losses)
        assert "pulls" in first.evidence.text


def test_what_such_a_training_left_is_traced_to_it() -> None:
    """Kernels have shrunk so far that the penalty is small: fresh weights show what it was."""
    keras.utils.set_random_seed(1)
    model = fitted(penalized(dense_chain(3, "relu"), R.L2(1.0)), digits(limit=500), epochs=8, learning_rate=1e-2)
    history = {"loss": [60.0, 20.0, 2.31], "accuracy": [0.1, 0.1, 0.1]}
    found = diagnosis(model, history=history)
    first = found.findings[0]
    assert (first.kind, first.severity) == ("penalty-drowns-loss", "stops learning")
    assert "training has shrunk the kernels" in first.evidence.text
    assert "the loss falls from 60 to 2.31" in first.evidence.text
    assert "predictions-collapsed" not in found.kinds()


def test_weaker_penalties_are_proven(drowned: keras.Model) -> None:
    """Without, the first steps learn a little before the weights are gone."""
    found = proof(ask(drowned, digits(limit=500), loss=None, prove=True), "penalty-drowns-loss")
    assert all(learned(found)[1])
    assert gained(found) > 0.4
    assert "with the penalties times 0.001" in found.text


def test_penalties_of_the_usual_strength_are_no_finding() -> None:
    usual = penalized(dense_chain(3, "relu"), R.L1L2(1e-5, 1e-4))
    assert diagnosis(usual, optimizer="adamw").kinds() == ()


def test_an_added_loss_that_drowns_the_other_has_a_cure_without_a_number_of_its_own() -> None:
    model = chain(L.Flatten(), L.Dense(64), L.Rescaling(300.0), Squares(), L.Rescaling(1 / 300), L.Dense(10, "softmax"))
    first = diagnosis(model).findings[0]
    assert first.kind == "penalty-drowns-loss"
    assert "add_loss" in first.cure


def test_a_loss_that_is_weighed_too_little_is_told_of_its_weight() -> None:
    model = penalized(dense_chain(1, "relu"), R.L2(1e-3))
    model.compile(optimizer="adam", loss=SPARSE, loss_weights=1e-4)
    first = diagnosis(model, loss=None).findings[0]
    assert (first.kind, first.cure[:45]) == ("penalty-drowns-loss", "Weigh the loss more than 0.0001 in loss_weigh")


def test_weight_decay_that_outpaces_the_loss_is_named_and_proven() -> None:
    keras.utils.set_random_seed(1)
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=200.0)
    asked = ask(dense_chain(1, "relu"), digits(limit=500), optimizer=optimizer, prove=True)
    first = asked.diagnose().findings[0]
    assert (first.kind, first.severity) == ("weight-decay-high", "stops learning")
    assert first.proof is not None
    assert learned(first.proof) == ([False] * 3, [True] * 3)


def test_gradients_that_are_clipped_away_are_named_and_proven() -> None:
    keras.utils.set_random_seed(1)
    optimizer = keras.optimizers.SGD(0.1, clipvalue=1e-6)
    first = ask(dense_chain(1, "relu"), digits(limit=500), optimizer=optimizer, prove=True).diagnose().findings[0]
    assert (first.kind, first.severity) == ("gradients-held-back", "stops learning")
    assert first.proof is not None
    assert learned(first.proof) == ([False] * 3, [True] * 3)


@pytest.mark.parametrize(("rate", "weight"), [(0.1, 1e-5), (1e-3, 1e-6)])
def test_a_loss_weight_that_leaves_nothing_is_named(rate: float, weight: float) -> None:
    """Also where ten steps of such a rate show little without it."""
    model = dense_chain(1, "relu")
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=SPARSE, loss_weights=[weight])
    first = diagnosis(model, loss=None).findings[0]
    assert (first.kind, first.cure) == ("gradients-held-back", "Leave out loss_weights: one output needs none")


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        (
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=10)
            ),
            "CosineDecay, the schedule of the learning rate: every step here has its highest, 0.01",
        ),
        (keras.optimizers.Adam(gradient_accumulation_steps=32), "32 batches to a step"),
        (keras.optimizers.Adam(), None),
    ],
    ids=["schedule", "accumulation", "neither"],
)
def test_what_a_rehearsal_leaves_out_is_said(optimizer: Any, said: str | None) -> None:
    found = diagnosis(dense_chain(1, "relu"), optimizer=optimizer)
    assert found.kinds() == ()
    assert [line for line in found.unchecked if said and said in line] == ([found.unchecked[0]] if said else [])
    assert len(found.unchecked) == (said is not None)


class Own(keras.Model):  # type: ignore[misc]
    """A model with a training step of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def test_a_training_step_of_ones_own_is_said_to_be_left_out() -> None:
    inputs = keras.Input((28, 28, 1))
    model = Own(inputs, L.Dense(10, activation="softmax")(L.Flatten()(inputs)))
    found = diagnose(model, digits().train_images, digits().train_labels, loss=SPARSE)
    assert found.unchecked[0].startswith("Own.train_step")
