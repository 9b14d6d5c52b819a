"""Fine-tuning, and what a teacher adds to it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from harness.base.errors import PruneError
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.distill import teacher_targets
from harness.prune.recover.finetune import finetune
from harness.spec import TrainSpec
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
