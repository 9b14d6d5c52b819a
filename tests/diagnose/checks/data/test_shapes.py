"""Images that the network can't take are findings."""

from __future__ import annotations

import keras
import numpy as np

from tests.diagnose.cases.case import L, chain, digits
from tests.diagnose.small import diagnosed, first, small


def test_images_that_do_not_fit_are_a_finding() -> None:
    assert first(small(shape=(32, 32, 1))) == "input-shape"
    assert first(small(), np.zeros((64, 784))) == "input-shape"


def test_a_last_axis_of_one_is_added_or_taken_away_as_keras_does() -> None:
    """Sequences for a model of one channel, and images of one channel for a model of sequences."""
    images = digits().train_images[:64]
    assert diagnosed(images=images[..., 0]).kinds() == ()
    assert diagnosed(small(shape=(28, 28)), images).kinds() == ()
    assert first(small(shape=(28, 28, 3)), images[..., 0]) == "input-shape"
    assert first(small(shape=(28, 28)), np.repeat(images, 3, axis=-1)) == "input-shape"


def halved_and_doubled() -> keras.Model:
    """Pooling and upsampling beside a path that does neither: images must have even sides."""
    inputs = keras.Input((None, None, 1))
    x = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = L.Add(name="joined")([x, L.UpSampling2D()(L.MaxPooling2D()(x))])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def test_a_layer_that_can_not_take_what_reaches_it_is_a_finding() -> None:
    """The model takes images of any size, but not of every size."""
    assert diagnosed(halved_and_doubled()).kinds() == ()
    found = diagnosed(halved_and_doubled(), np.zeros((64, 27, 27, 1)))
    assert (found.findings[0].kind, found.findings[0].where) == ("input-shape", "joined")


def test_a_number_that_an_embedding_has_no_row_for_is_a_finding() -> None:
    """The vocabulary's words are numbered from 1, since 0 is the padding."""
    words = np.random.default_rng(0).integers(0, 51, (64, 8))
    layers = [L.Embedding(50, 4, name="words"), L.GlobalAveragePooling1D(), L.Dense(2, activation="softmax")]
    (found,) = diagnosed(chain(*layers, shape=(8,)), words, words[:, 0] % 2).findings
    assert (found.kind, found.where) == ("index-out-of-range", "words")
    assert found.cure.startswith("Use input_dim=51")
