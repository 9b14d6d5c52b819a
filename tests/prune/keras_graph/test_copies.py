"""Copies of a model, with the same weights and with new ones."""

from __future__ import annotations

import keras
import numpy as np

from harness.prune.keras_graph.copies import copied, renewed
from tests.prune.nets import array

L = keras.layers


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
