"""Training mode against inference mode: what BatchNormalization remembers, and what goes into it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from harness.diagnose import Diagnosis, diagnose
from harness.diagnose.network.copy import copy_network
from harness.diagnose.network.statistics import measure_again
from tests.diagnose.cases.case import SPARSE, L, ask, chain, digits
from tests.diagnose.cases.weights import frozen_normalization, normalized_briefly
from tests.diagnose.proofs import gained, learned, proof


def diagnosis(model: keras.Model) -> Diagnosis:
    return ask(model).diagnose()


@pytest.fixture(scope="module")
def brief() -> keras.Model:
    """40 steps at a momentum of 0.99."""
    keras.utils.set_random_seed(1)
    return normalized_briefly()


def copied(model: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def test_too_few_steps_are_named_with_both_figures_and_the_cure(brief: keras.Model) -> None:
    data = digits()
    found = diagnosis(brief).findings[0]
    assert (found.kind, found.where, found.severity) == ("moving-statistics", "norm", "stops learning")
    assert "momentum=0.9 in norm" in found.cure
    assert "after 40 steps at a momentum of 0.99 they still are 67% of what they began as" in found.why
    answers = brief.predict(data.train_images, verbose=0).argmax(axis=1)
    assert found.evidence.value == pytest.approx((answers == data.train_labels).mean(), abs=0.15)
    assert found.evidence.better is not None
    assert found.evidence.better > 0.8


def test_statistics_measured_again_are_those_of_what_goes_in(brief: keras.Model) -> None:
    """The answers are those of training mode, and the layer is left with what it measured."""
    images = digits().train_images[:64]
    network = copy_network(brief, images.shape[1:])
    again, (layer,) = measure_again(network, images)
    np.testing.assert_allclose(again, keras.ops.convert_to_numpy(brief(images, training=True)), atol=1e-3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(network.model(images)), again, atol=1e-5)
    assert layer.stretch > 1.1
    assert not layer.fixed
    assert not layer.at_start


def test_a_lower_momentum_is_proven_in_inference(brief: keras.Model) -> None:
    """Both trainings know the digits; in inference only the one whose averages follow does."""
    found = proof(ask(brief, digits(), prove=True), "moving-statistics")
    assert found.change == "with momentum=0.9"
    assert all(learned(found)[1])
    assert gained(found) > 0.2


def test_one_answer_that_only_inference_gives_is_no_collapse(brief: keras.Model) -> None:
    """The weights are good: fresh ones are no cure."""
    model = copied(brief)
    layer = model.get_layer("norm")
    gamma, beta, mean, variance = layer.get_weights()
    layer.set_weights([gamma, beta, mean, 1e6 * variance])
    assert len(set(model.predict(digits().train_images, verbose=0).argmax(axis=1))) == 1
    model.get_layer("norm").trainable = True
    assert diagnosis(model).kinds() == ("moving-statistics",)


def test_frozen_after_a_short_training(brief: keras.Model) -> None:
    """The figures are the same, and the cure is another."""
    model = copied(brief)
    model.get_layer("norm").trainable = False
    found = diagnosis(model).findings[0]
    assert (found.kind, found.where) == ("moving-statistics", "norm")
    assert "trainable=True for norm" in found.cure


def test_a_layer_that_remembers_nothing_was_called_with_training_false(brief: keras.Model) -> None:
    model = copied(brief)
    layer = model.get_layer("norm")
    layer.set_weights([*layer.get_weights()[:2], np.zeros(8), np.ones(8)])
    found = diagnosis(model).findings[0]
    assert found.kind == "moving-statistics"
    assert "training=False" in found.cure


def test_a_layer_inside_a_model_inside_is_named(brief: keras.Model) -> None:
    inner = keras.Model(brief.inputs, brief.layers[-2].output, name="body")
    found = diagnosis(chain(inner, brief.layers[-1])).findings[0]
    assert (found.kind, found.where) == ("moving-statistics", "body/norm")


def test_healthy_normalization_is_left_alone() -> None:
    """Trained with a momentum of 0.8; on slightly other images than those of training; frozen after it; and fresh."""
    data = digits()
    keras.utils.set_random_seed(1)
    model = normalized_briefly(momentum=0.8)
    frozen = copied(model)
    frozen.get_layer("norm").trainable = False
    shifted = data.train_images * 0.9 + 0.05
    fresh = keras.models.clone_model(model)
    for network, images in (
        (model, data.train_images),
        (model, shifted),
        (frozen, shifted),
        (fresh, data.train_images),
    ):
        assert "moving-statistics" not in diagnose(network, images, data.train_labels, loss=SPARSE).kinds()


def test_frozen_statistics_of_images_of_another_scale() -> None:
    """A new last layer has not learned yet; the cure is the scale that the body was trained with."""
    keras.utils.set_random_seed(1)
    (found,) = (f for f in frozen_normalization().diagnose().findings if f.kind == "moving-statistics")
    assert found.where == "norm"
    assert "Scale the images as in the training of norm" in found.cure


def test_frozen_statistics_that_together_leave_images_alike() -> None:
    """None is off by itself as far as counts, but each makes the next one's input smaller still."""
    keras.utils.set_random_seed(1)
    blocks = [[L.Conv2D(8, 3), L.BatchNormalization(name=f"norm_{k}"), L.ReLU()] for k in range(3)]
    body = chain(*(layer for block in blocks for layer in block))
    body.trainable = False
    measure_again(network := copy_network(body, (28, 28, 1)), digits().train_images[:64])
    body.set_weights(network.model.get_weights())
    for k in range(3):
        variance = body.get_layer(f"norm_{k}").moving_variance
        variance.assign(variance * 6.0**2)
    model = chain(body, L.Flatten(), L.Dense(10, activation="softmax"))
    (found,) = (each for each in diagnosis(model).findings if each.kind == "moving-statistics")
    assert "its moving deviation 6 times" in found.evidence.text


def test_other_normalizations_are_not_involved() -> None:
    layers = [L.Conv2D(8, 3), L.GroupNormalization(4), L.ReLU(), L.LayerNormalization(), L.Flatten()]
    model = chain(*layers, L.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss=SPARSE, jit_compile=False)
    model.fit(digits().train_images, digits().train_labels, epochs=1, verbose=0)
    assert "moving-statistics" not in diagnosis(model).kinds()
