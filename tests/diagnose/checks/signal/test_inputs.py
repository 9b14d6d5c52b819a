"""What enters the first layer with weights decides, and the cure is one with which that is right."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from harness.diagnose import Finding
from tests.diagnose.cases.case import L, ask, chain, digits
from tests.diagnose.cases.given import stuck_history
from tests.diagnose.cases.networks import behind


def scaled(*first: Any, scale: str = "unit", **options: Any) -> tuple[Finding, ...]:
    """What is said of a convolution behind some layers."""
    keras.utils.set_random_seed(1)
    return ask(behind(*first), digits(scale), **options).diagnose().findings


def test_scaled_twice_wants_raw_pixels_or_one_scaling_less() -> None:
    """To divide by 255 is the mistake itself. A sign that it came to stands behind it."""
    found = scaled(L.Rescaling(1 / 255, name="scaling"), history=stuck_history())
    assert [each.kind for each in found] == ["inputs-unscaled", "chance-plateau"]
    assert found[0].cure.startswith("Give scaling raw pixels, from 0 to 255")
    assert found[0].cure.endswith("or leave scaling out")
    assert found[0].evidence.value == pytest.approx(0.00131, abs=1e-4)  # 1/255 of what the images have


@pytest.mark.parametrize(
    ("first", "scale", "cure"),
    [
        (L.Rescaling(1 / 127.5, -1, name="scaling"), "unit", "Give scaling raw pixels"),
        (L.Rescaling(255, name="scaling"), "unit", "Leave scaling out"),
        (L.Normalization(name="scaling"), "raw", "Adapt scaling to the training images"),
        (L.Rescaling(1.0), "raw", "Divide the images by 255"),
    ],
)
def test_the_cure_is_one_with_which_the_inputs_are_right(first: Any, scale: str, cure: str) -> None:
    (found,) = scaled(first, scale=scale)
    assert (found.kind, found.cure[: len(cure)]) == ("inputs-unscaled", cure)


def test_a_layer_that_leaves_nothing_of_any_image_is_named() -> None:
    """Grey images have one number along LayerNormalization's own axis; along all axes it is fine."""
    (found,) = scaled(L.LayerNormalization(name="norm"))
    assert (found.kind, found.where, found.severity) == ("inputs-unscaled", "norm", "stops learning")
    assert found.cure.startswith("Leave norm out, or let it normalize along axes of more than one number")
    assert scaled(L.LayerNormalization(axis=[1, 2, 3])) == ()


def test_a_division_by_hand_is_seen() -> None:
    inputs = keras.Input((28, 28, 1))
    x = L.Flatten()(L.Conv2D(8, 3, activation="relu")(inputs / 255.0))
    (found,) = ask(keras.Model(inputs, L.Dense(10, activation="softmax")(x))).diagnose().findings
    assert (found.kind, found.cure[:5]) == ("inputs-unscaled", "Give ")


def test_batch_normalization_does_not_take_a_trace_out_again_outside_training() -> None:
    found = scaled(L.Rescaling(1 / 255), L.Conv2D(8, 3, name="first"), L.BatchNormalization(name="norm"), L.ReLU())
    assert (found[0].kind, found[0].severity) == ("inputs-unscaled", "slows learning")
    assert "In training norm takes the scale out" in found[0].why
    large = scaled(L.Conv2D(8, 3), L.BatchNormalization(), L.ReLU(), scale="raw")
    assert [each.kind for each in large] == []


def test_what_enters_a_recurrent_layer_counts_too() -> None:
    model = chain(L.Reshape((28, 28)), L.GRU(8, name="rows"), L.Dense(10, activation="softmax"))
    (found,) = ask(model, digits("raw")).diagnose().findings
    assert (found.kind, found.where) == ("inputs-unscaled", "rows")


def test_severity_follows_from_what_the_rehearsal_does() -> None:
    """The same pixels, deeper: ten steps stand still where with raw pixels they do not."""
    layers = [L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(16, 3, activation="relu")]
    (found,) = scaled(L.Rescaling(1 / 255), *layers)
    assert (found.kind, found.severity) == ("inputs-unscaled", "stops learning")


def test_a_usual_dropout_behind_next_to_nothing_is_not_the_cause() -> None:
    """All that comes to it is the bias: it is no rate that keeps the image back."""
    keras.utils.set_random_seed(1)
    dense = L.Dense(64, activation="relu", bias_initializer="ones")
    layers = [L.Rescaling(1e-3), L.Flatten(), dense, L.Dropout(0.5), L.Dense(10, activation="softmax")]
    assert "dropout-high" not in ask(chain(*layers)).diagnose().kinds()
