"""Layers of several outputs, in places where one output is asked for."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from harness.diagnose.network.copy import copy_network
from tests.diagnose.cases.case import L, ask, chain, digits


def with_two_ends() -> keras.Model:
    """A model that holds one of two outputs."""
    inner_input = keras.Input((28, 28, 1))
    x = L.Conv2D(8, 3, activation="relu")(inner_input)
    inner = keras.Model(inner_input, [L.Flatten()(x), L.GlobalAveragePooling2D()(x)], name="inner")
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Concatenate()(inner(inputs))))


def second_of_two(nested: bool = False) -> keras.Model:
    """The logits are the second half of what a layer makes; the model may be inside another."""
    inputs = keras.Input((28, 28, 1))
    x = L.Dense(20)(L.Flatten()(L.Conv2D(8, 3, activation="relu")(inputs)))
    model = keras.Model(inputs, keras.ops.split(x, 2, axis=-1)[1], name="second")
    return chain(model, L.Softmax()) if nested else model


def split_softmax() -> keras.Model:
    """Two of ten probabilities, of twelve, are left out."""
    inputs = keras.Input((28, 28, 1))
    x = L.Dense(12, activation="softmax", name="out")(L.Flatten()(inputs))
    return keras.Model(inputs, keras.ops.split(x, [10], axis=-1)[0])


@pytest.mark.parametrize("make", [with_two_ends, second_of_two, lambda: second_of_two(nested=True), split_softmax])
def test_the_copy_gives_what_the_model_gives(make: Callable[[], keras.Model]) -> None:
    model, images = make(), digits().train_images[:8]
    copied = copy_network(model, (28, 28, 1)).model
    np.testing.assert_allclose(copied(images), model(images), rtol=1e-5, atol=1e-6)


def test_a_model_of_two_outputs_inside_is_one_layer() -> None:
    found = ask(with_two_ends()).diagnose()
    assert found.kinds() == ()
    (inner,) = [layer for layer in found.layers if layer.layer == "inner"]
    assert inner.shape == (26 * 26 * 8,)
    assert inner.gradient is not None


def test_logits_that_are_one_of_several_outputs_have_a_gradient() -> None:
    """It is clean with from_logits or a Softmax after the split, and a fault without either."""
    asked = ask(second_of_two(), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert asked.diagnose().kinds() == ()
    assert ask(second_of_two()).diagnose().kinds()[0] == "from-logits"
    assert ask(second_of_two(nested=True)).diagnose().kinds() == ()


def test_a_softmax_whose_output_is_split_is_hidden() -> None:
    found = ask(split_softmax(), digits("raw")).diagnose().findings
    (hidden,) = [finding for finding in found if finding.kind == "softmax-hidden"]
    assert str(hidden.where).startswith("split")
