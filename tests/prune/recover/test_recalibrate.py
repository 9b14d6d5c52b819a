"""Statistics of BatchNormalization, measured again."""

from __future__ import annotations

import keras
import numpy as np

from harness.prune.recover.recalibrate import recalibrate
from tests.prune.nets import array, chain, randomised

L = keras.layers


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
