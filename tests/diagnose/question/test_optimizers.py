"""An optimizer around another is looked through."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tests.diagnose.cases.case import ask, dense_chain


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
