"""What dropout lets through is measured without running again what comes before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from harness.diagnose.checks.signal.noise import around, noisy
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import digits

L = keras.layers


def in_a_row(pixels: Any) -> Any:
    return L.Dense(10)(L.Dropout(0.9)(L.Dense(8)(L.Dropout(0.5)(L.Dense(12)(pixels)))))


def at_once(pixels: Any) -> Any:
    return L.Dense(10)(L.Dropout(0.9)(pixels))


def side_by_side(pixels: Any) -> Any:
    return L.Dense(10)(L.Concatenate()([L.Dropout(0.9)(L.Dense(8)(pixels)), L.Dropout(0.5)(L.Dense(8)(pixels))]))


def past_it(pixels: Any) -> Any:
    return L.Dense(10)(L.Concatenate()([L.Dropout(0.9)(L.Dense(8)(pixels)), pixels]))


@pytest.mark.parametrize(
    ("network", "layers_before"),
    [(in_a_row, 2), (at_once, 1), (side_by_side, 0), (past_it, 0)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_nothing_that_draws_is_run_once_and_together_they_are_the_network(
    network: Callable[[Any], Any], layers_before: int
) -> None:
    inputs = keras.Input((28, 28, 1))
    model = keras.Model(inputs, network(L.Flatten()(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    evidence = Evidence(read_question(model, digits().train_images, digits().train_labels))
    before, after = around(evidence.network, noisy(evidence)[0], evidence.head.logits)
    weighted = [layer for layer in before.layers if not isinstance(layer, L.InputLayer)]
    assert len(weighted) == layers_before
    assert not any(isinstance(layer, L.Dropout) for layer in before.layers)
    images = evidence.batch.images
    again = keras.ops.convert_to_numpy(after(before(images), training=False))
    np.testing.assert_allclose(again, evidence.predictions, atol=1e-5)
