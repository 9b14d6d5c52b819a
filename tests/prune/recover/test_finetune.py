"""Fine-tuning, and what a teacher adds to it."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from harness.base.errors import PruneError
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.distill import teacher_targets
from harness.prune.recover.finetune import finetune
from harness.spec import TrainSpec
from tests.prune.nets import array
from tests.prune.recover.stripes import Examples, stripes

L = keras.layers


def test_the_teacher_is_heard() -> None:
    """With labels that say nothing, distillation alone teaches the student what the teacher knows."""
    images, labels = stripes(320, 2)
    teacher = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(4, activation="softmax")])
    kernel = np.zeros((8, 8, 4), np.float32)
    for label in range(4):
        kernel[2 * label : 2 * label + 2, :, label] = 1.0
    teacher.set_weights([kernel.reshape(64, 4), np.zeros(4, np.float32)])
    student = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(4)])
    silent = np.zeros(320, np.int64)
    examples = Examples(images, silent, images, labels)
    finetune(student, examples, TrainSpec(epochs=8, learning_rate=1e-2, batch_size=32), teacher=teacher)
    assert accuracy(student, examples) > 0.6


def test_softened_answers_of_probabilities_and_of_logits_are_the_same() -> None:
    logits = keras.Sequential([keras.Input((3,)), L.Dense(4, name="d")])
    squashed = keras.Sequential([keras.Input((3,)), L.Dense(4, activation="softmax", name="d")])
    squashed.set_weights(logits.get_weights())
    inputs = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(teacher_targets(logits, inputs), teacher_targets(squashed, inputs), atol=1e-5)


def test_a_layer_of_a_name_that_tensorflow_can_not_train_says_so(examples: Examples) -> None:
    given = keras.Input((8, 8, 1))
    model = keras.Model(given, L.Dense(4, activation="softmax")(L.Flatten()(L.Conv2D(4, 3, name="größe 大")(given))))
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(PruneError, match="TensorFlow can't train 'größe 大'; give it a name of letters"):
            finetune(model, examples, TrainSpec(epochs=1))


def test_by_cosine_the_learning_rate_rises_shortly_and_falls_to_nothing(
    examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """320 images in batches of 8 for two epochs: 80 steps, of which four warm up."""
    rates: list[float] = []
    schedule = keras.optimizers.schedules.CosineDecay

    class Watched(schedule):  # type: ignore[misc, valid-type]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            rates.extend(float(self(step)) for step in range(81))

    monkeypatch.setattr(keras.optimizers.schedules, "CosineDecay", Watched)
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(4)])
    train = TrainSpec(epochs=2, batch_size=8, learning_rate=0.01)
    assert finetune(model, examples, train, schedule="cosine")["loss"][-1] < 1.5
    assert rates[0] == 0
    assert max(rates) == rates[4] == pytest.approx(0.01)
    assert rates[42] == pytest.approx(0.005, rel=0.05)
    assert rates[80] == pytest.approx(0, abs=1e-7)
    assert all(one > other for one, other in itertools.pairwise(rates[4:]))


def test_one_step_by_cosine_is_a_step() -> None:
    """Too few steps for a warm-up."""
    images, labels = stripes(32, 0)
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(4)])
    before = [array(weight) for weight in model.weights]
    finetune(model, Examples(images, labels, images, labels), TrainSpec(epochs=1, batch_size=32), schedule="cosine")
    assert not np.array_equal(before[0], array(model.weights[0]))
