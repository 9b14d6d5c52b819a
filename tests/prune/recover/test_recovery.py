"""Winning accuracy back: recalibration, fine-tuning, distillation, steps, and the baselines beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune import verify
from harness.prune.choose.planning import composed, random_plan_like
from harness.prune.keras_graph.copies import copied, renewed
from harness.prune.keras_graph.trace import trace
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.distill import teacher_targets
from harness.prune.recover.finetune import finetune
from harness.prune.recover.recalibrate import recalibrate
from harness.prune.recover.recovery import RecoverySpec, recover
from harness.prune.recover.stepwise import prune_in_steps
from harness.spec import PruneSpec, TrainSpec
from tests.prune.nets import array, chain, randomised, snapshot

L = keras.layers


@dataclass(frozen=True)
class Examples:
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def stripes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images with a bright stripe, of which the place is the class."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, count)
    images = generator.normal(0, 1.0, (count, 8, 8, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 1.0
    return images, labels


@pytest.fixture(scope="module")
def examples() -> Examples:
    return Examples(*stripes(320, 0), *stripes(160, 1))


@pytest.fixture(scope="module")
def trained(examples: Examples) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)), L.Conv2D(8, 5, strides=2, name="conv"), L.BatchNormalization(name="bn"), L.ReLU(),
            L.Flatten(), L.Dropout(0.2), L.Dense(4, activation="softmax"),
        ]
    )  # fmt: skip
    finetune(model, examples, TrainSpec(epochs=6, learning_rate=3e-3, batch_size=32))
    return model


def test_accuracy_is_reported_at_every_step_beside_three_baselines(trained: keras.Model, examples: Examples) -> None:
    before = snapshot(trained)
    result = harness.prune(trained, ratio=0.9)
    spec = RecoverySpec(train=TrainSpec(epochs=2, learning_rate=3e-3, batch_size=32), scratch_epochs=3, distill=True)
    report = recover(trained, result, examples, spec)
    assert report.original == accuracy(trained, examples) > 0.7
    assert report.tuned == accuracy(result.model, examples)
    assert report.tuned is not None
    assert report.tuned > report.pruned
    assert report.recalibrated is not None
    assert report.original_recalibrated is not None
    assert None not in (report.random_channels, report.from_scratch, report.original_longer)
    assert (report.examples, report.epochs, report.scratch_epochs, report.distilled) == (160, 2, 3, True)
    for old, new in zip(before, snapshot(trained), strict=True):
        np.testing.assert_array_equal(old, new)


def test_statistics_that_are_off_are_seen_in_the_original_too(trained: keras.Model, examples: Examples) -> None:
    """Moving statistics at their start, as after too few steps: pruning has no part in what recalibration wins."""
    off = copied(trained)
    norm = off.get_layer("bn")
    norm.moving_mean.assign(np.full(8, 3.0))
    norm.moving_variance.assign(np.full(8, 0.01))
    report = recover(off, harness.prune(off, filters=1), examples, RecoverySpec())
    assert report.recalibrated is not None
    assert report.original_recalibrated is not None
    assert report.original < 0.5
    assert min(report.recalibrated, report.original_recalibrated) > report.original + 0.2
    assert report.original == accuracy(off, examples), "the original is only read"


def test_recalibration_measures_the_statistics_of_the_data() -> None:
    """One batch, against NumPy; nothing else changes, and nothing is dropped out."""
    model = randomised(chain())
    images = np.random.default_rng(0).normal(2.0, 3.0, (32, 12, 12, 3)).astype(np.float32)
    before = {weight.path: array(weight) for weight in model.weights}
    assert recalibrate(model, images)
    made = array(model.get_layer("conv_a")(images))
    np.testing.assert_allclose(array(model.get_layer("bn").moving_mean), made.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(array(model.get_layer("bn").moving_variance), made.var((0, 1, 2)), rtol=1e-4)
    for weight in model.weights:
        if "moving" not in weight.path:
            np.testing.assert_array_equal(before[weight.path], array(weight))


def test_recalibration_in_batches_is_that_of_all() -> None:
    images = np.random.default_rng(0).normal(size=(40, 12, 12, 3)).astype(np.float32)
    one, several = randomised(chain()), randomised(chain())
    recalibrate(one, images, batch_size=40)
    recalibrate(several, images, batch_size=16)
    np.testing.assert_allclose(
        array(one.get_layer("bn").moving_variance), array(several.get_layer("bn").moving_variance), rtol=1e-4
    )


def test_a_network_without_statistics_has_nothing_to_recalibrate() -> None:
    model = keras.Sequential([keras.Input((4,)), L.Dense(2)])
    assert not recalibrate(model, np.zeros((4, 4), np.float32))


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


def test_in_steps_the_widths_are_those_of_one_shot_and_every_step_is_proved(
    trained: keras.Model, examples: Examples
) -> None:
    tuned = []
    result = prune_in_steps(trained, PruneSpec(ratio=0.5), 2, tuned.append)
    assert len(tuned) == 1
    widths = {path: len(kept) for path, kept in result.plan.kept.items()}
    assert widths == {path: len(kept) for path, kept in harness.prune(trained, ratio=0.5).plan.kept.items()}
    assert list(widths.values()) == [4, 4]
    assert {name.partition(",")[0] for name in result.proven.trials} == {"step 1", "step 2"}
    assert result.proven.holds
    assert result.report.parameters_before == trained.count_params()
    verify(trained, result.model, result.plan)


@pytest.mark.parametrize("steps", [3, 4, 8])
@pytest.mark.parametrize("options", [{}, {"round_to": 2}, {"global_ranking": True}])
def test_widths_that_the_steps_do_not_divide_are_reached_too(steps: int, options: dict[str, Any]) -> None:
    """Ten and seven channels, by half. All layers together, it may be others that go, but as many."""
    model = randomised(
        keras.Sequential([keras.Input((6, 6, 2)), L.Conv2D(10, 3), L.Flatten(), L.Dense(7, "relu"), L.Dense(3)])
    )
    spec = PruneSpec(ratio=0.5, **options)
    stepwise, at_once = prune_in_steps(model, spec, steps, lambda model: None), harness.prune(model, spec)
    widths, expected = ([len(kept) for kept in result.plan.kept.values()] for result in (stepwise, at_once))
    assert sum(widths) == sum(expected) if spec.global_ranking else widths == expected
    assert verify(model, stepwise.model, stepwise.plan).holds


def test_steps_that_remove_nothing_at_all_say_so() -> None:
    with pytest.raises(PruneError, match="removes no channel at all"):
        prune_in_steps(chain(), PruneSpec(ratio=0.01), 3, lambda model: None)


def test_a_copy_computes_the_same_and_a_fresh_network_keeps_what_normalises_its_inputs() -> None:
    """An adapted Normalization is not trained: with other statistics it would be another network."""
    images = np.random.default_rng(0).normal(100, 30, (64, 6)).astype(np.float32)
    normalization = L.Normalization()
    normalization.adapt(images)
    model = keras.Sequential([keras.Input((6,)), normalization, L.Dense(4), L.BatchNormalization()])
    expected = array(model(images))
    np.testing.assert_allclose(array(copied(model)(images)), expected, rtol=1e-5, atol=1e-5)
    fresh = renewed(model)
    np.testing.assert_allclose(array(fresh.layers[0](images)), array(normalization(images)), rtol=1e-5)
    assert not np.allclose(array(fresh(images)), expected)


def test_plans_after_each_other_are_one_plan() -> None:
    model = randomised(chain())
    first = harness.prune(model, ratio=0.4)
    second = harness.prune(first.model, ratio=0.4)
    whole = composed(first.plan, second.plan)
    assert verify(model, second.model, whole).holds


def test_random_channels_of_the_same_widths() -> None:
    model = randomised(chain())
    decided = harness.prune(model, ratio=0.5, keep=("hidden",)).plan
    other = random_plan_like(trace(model), decided, seed=1)
    assert {path: len(kept) for path, kept in other.kept.items()} == {
        path: len(kept) for path, kept in decided.kept.items()
    }
    assert other.kept != decided.kept


@pytest.mark.parametrize(("spec", "steps"), [(PruneSpec(filters=1), 2), (PruneSpec(ratio=0.5, rows="first"), 2)])
def test_what_can_not_be_done_in_steps_says_so(spec: PruneSpec, steps: int) -> None:
    with pytest.raises(PruneError, match="steps; give a ratio"):
        prune_in_steps(chain(), spec, steps, lambda model: None)


def test_a_fine_tuning_that_diverges_says_so(trained: keras.Model, examples: Examples) -> None:
    result = harness.prune(trained, ratio=0.5)
    spec = RecoverySpec(train=TrainSpec(epochs=2, learning_rate=1e30, optimizer="sgd"), baselines=False)
    with pytest.raises(PruneError, match=r"at a learning rate of 1e\+30 ends in NaN"):
        recover(trained, result, examples, spec)


def test_a_layer_of_a_name_that_tensorflow_can_not_train_says_so(examples: Examples) -> None:
    given = keras.Input((8, 8, 1))
    model = keras.Model(given, L.Dense(4, activation="softmax")(L.Flatten()(L.Conv2D(4, 3, name="größe 大")(given))))
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(PruneError, match="TensorFlow can't train 'größe 大'; give it a name of letters"):
            finetune(model, examples, TrainSpec(epochs=1))


def test_a_model_that_is_no_classifier_says_so(examples: Examples) -> None:
    given = keras.Input((8, 8, 1))
    flat = L.Dense(8)(L.Flatten()(given))
    model = keras.Model(given, [L.Dense(2)(flat), L.Dense(3)(flat)])
    result = harness.prune(model, ratio=0.5)
    with pytest.raises(PruneError, match="one input and one output"):
        recover(model, result, examples, RecoverySpec())
