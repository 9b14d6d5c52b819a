"""Training repeats with its seed, learns real digits, and refuses data that doesn't fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import harness.training.train
import models
from harness.base.errors import DataError
from harness.records import Training
from harness.spec import TrainSpec
from harness.training.train import fitting_targets, predict, train

RNG = np.random.default_rng(0)
IMAGES = RNG.random((64, 8, 8, 1), dtype=np.float32)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0.5).astype(np.int64)


def small_model():  # type: ignore[no-untyped-def]
    return models.build("single_conv", input_shape=[8, 8, 1], filters=4, n_class=2)


def test_the_same_seed_gives_the_same_history_and_another_seed_another() -> None:
    import keras

    histories = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        training = train(small_model(), IMAGES, LABELS, TrainSpec(epochs=2), seed=seed)
        histories.append(training.history["loss"])
    assert histories[0] == pytest.approx(histories[1], rel=1e-5)
    assert histories[0] != pytest.approx(histories[2], rel=1e-5)


def test_a_training_says_what_it_was() -> None:
    training = train(small_model(), IMAGES, LABELS, TrainSpec(epochs=3, optimizer="sgd"), seed=0)
    assert len(training.history["accuracy"]) == 3
    assert training.parameters == 4 * 10 + (6 * 6 * 4 + 1) * 2
    assert training.device.startswith(("cpu", "gpu"))


def test_a_loss_that_overflows_is_recorded_as_none() -> None:
    model = small_model()
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    assert train(model, IMAGES, LABELS, TrainSpec(epochs=1), seed=0).history["loss"] == (None,)


@pytest.mark.parametrize("from_logits", [True, False])
def test_one_output_is_trained_on_two_classes_and_judged_where_its_answers_turn(from_logits: bool) -> None:
    """The accuracy that is followed is that of its answers: above 0 for a logit, above a half for a probability."""
    import keras

    keras.utils.set_random_seed(0)
    last = keras.layers.Dense(1, activation=None if from_logits else "sigmoid")
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), last])
    if from_logits:
        model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    record = train(model, IMAGES, LABELS, TrainSpec(epochs=3, learning_rate=1e-9), seed=0)
    answers = np.asarray(model(IMAGES))[:, 0] > (0 if from_logits else 0.5)
    assert record.history["accuracy"][-1] == pytest.approx((answers == LABELS).mean())


def test_labels_take_the_shape_of_an_output_with_one_prediction() -> None:
    model = models.build("deepcaptcha", n_prediction=1)
    assert fitting_targets(model, np.zeros((5, 28, 28, 1), np.float32), np.zeros(5, np.int64)).shape == (5, 1)


@pytest.mark.parametrize(
    ("shape", "label", "options", "message"),
    [
        ((5, 28, 28, 3), 9, {}, r"takes examples of shape \(28, 28, 1\), the data has \(28, 28, 3\)"),
        (
            (5, 28, 28, 1),
            10,
            {},
            "has 10 outputs, enough for 10 classes, and the labels go up to 10; give its last layer 11",
        ),
        ((5, 28, 28, 1), 9, {"n_prediction": 4}, r"gives outputs of shape \(4, 10\) for one label"),
    ],
)
def test_data_that_does_not_fit_is_one_line(
    shape: tuple[int, ...], label: int, options: dict[str, int], message: str
) -> None:
    model = models.build("deepcaptcha", **options)
    with pytest.raises(DataError, match=message):
        train(model, np.zeros(shape, np.float32), np.full(5, label), TrainSpec(), seed=0)


def in_steps(seed: int = 0, **fields: Any) -> Training:
    import keras

    keras.utils.set_random_seed(seed)
    spec = TrainSpec(**{"steps": 12, "record_every": 4, "held_out": 10, "batch_size": 16, **fields})
    return train(small_model(), IMAGES, LABELS, spec, seed=seed, held_out=(IMAGES[:20], LABELS[:20]))


def test_a_training_in_steps_has_a_point_every_so_many_with_what_it_makes_of_held_out_examples() -> None:
    """The same seed repeats it, and how often it is written down changes nothing of what is learned."""
    import keras

    one, again, coarse, other = in_steps(), in_steps(), in_steps(record_every=6), in_steps(seed=1)
    assert set(one.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in one.history.values()} == {3}
    assert one.history["val_loss"] == again.history["val_loss"] != other.history["val_loss"]
    assert one.history["val_loss"][-1] == pytest.approx(coarse.history["val_loss"][-1], rel=1e-5)
    assert one.examples == 4 * 16  # those that the last accuracy is about
    keras.utils.set_random_seed(0)
    unseen = train(small_model(), IMAGES, LABELS, TrainSpec(steps=10), seed=0)
    assert set(unseen.history) == {"loss", "accuracy"}


def test_steps_see_all_examples_before_any_again() -> None:
    """And the right target with each."""
    from harness.training.batches import Batches

    numbers = np.arange(10)
    batches = Batches(numbers[:, None].astype(np.float32), 10 * numbers, batch_size=3, steps=9, seed=5)
    images, targets = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(9)), strict=True))
    np.testing.assert_array_equal(10 * images[:, 0], targets)
    seen = images[:, 0].tolist()
    rounds = [seen[start : start + 10] for start in (0, 10)]
    assert all(sorted(each) == list(range(10)) for each in rounds)
    assert rounds[0] != rounds[1]
    assert len(seen) == 27


def test_large_images_are_predicted_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same answers: what a batch of them takes in a network of many filters fits no memory."""
    model, sizes = small_model(), []
    monkeypatch.setattr(harness.training.train, "VALUES_AT_ONCE", 5 * 64)

    def counted(images: Any, training: bool) -> Any:
        sizes.append(len(images))
        return model(images, training=training)

    found = predict(counted, IMAGES)
    assert sizes == [5] * 12 + [4]
    np.testing.assert_allclose(found, model.predict(IMAGES, verbose=0), rtol=1e-5)


def test_classes_numbered_from_1_are_told_to_begin_at_0() -> None:
    model = models.build("deepcaptcha")
    with pytest.raises(DataError, match="go up to 10; number the classes from 0, or give its last layer 11 outputs"):
        fitting_targets(model, np.zeros((10, 28, 28, 1), np.float32), np.arange(1, 11))
