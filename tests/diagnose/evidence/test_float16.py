"""Networks that compute in float16 are diagnosed as Keras trains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import SPARSE, L, ask, chain, digits, fitted
from tests.diagnose.cases.healthy import in_float16
from tests.diagnose.proofs import learned


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
