"""A rehearsal lowers what `fit` would lower: the loss, its weight and every penalty, within constraints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import SPARSE, L, chain, digits

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
