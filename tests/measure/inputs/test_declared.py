"""What a model wants to be fed, and what a user writes of it."""

from __future__ import annotations

import pytest

from harness.base.errors import SpecError
from harness.measure.inputs.declared import GivenInput, GivenValue, ModelInput, batch_axes, fixed_batch, parse_input

IMAGE = ModelInput("image", "float32", (None, 28, 28, 1))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("image:Nx28x28x1:float32", GivenInput("image", "float32", (None, 28, 28, 1))),
        ("image:N,28:uint8", GivenInput("image", "uint8", (None, 28))),
        ("state:2xNx128:float32", GivenInput("state", "float32", (2, None, 128))),
        ("a:b:3x4:int64", GivenInput("a:b", "int64", (3, 4))),
        ("scalar::float32", GivenInput("scalar", "float32", ())),
        ("rate=16000", GivenValue("rate", 16000)),
        ("a:0=-0.5", GivenValue("a:0", -0.5)),
        ("training=False", GivenValue("training", False)),
        ("box=[0, 0, 1]", GivenValue("box", [0, 0, 1])),
        ("text=a=b", GivenValue("text", "a=b")),
        ("text=null", GivenValue("text", "null")),
    ],
)
def test_inputs_are_read_as_written(text: str, parsed: GivenInput | GivenValue) -> None:
    assert parse_input(text) == parsed


@pytest.mark.parametrize(
    "text", ["image", "image:3x4", "image:3xM:float32", "image:-1:float32", ":3:float32", "image:NxNx1:float32", "=3"]
)
def test_a_malformed_input_shows_the_form(text: str) -> None:
    with pytest.raises(SpecError, match="name:shape:dtype; write for example image:Nx28x28x1:float32"):
        parse_input(text)


def test_an_unknown_type_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match="type 'floaty' is unknown; use one of float16, float32"):
        parse_input("image:Nx3:floaty")


def test_a_fixed_first_axis_is_the_batch_and_another_length_is_not() -> None:
    image, scale = ModelInput("image", "float32", (4, 28)), ModelInput("scale", "float32", (3,))
    rate = ModelInput("rate", "int64", ())
    assert fixed_batch([image, scale]) == fixed_batch([rate, image]) == 4
    assert fixed_batch([IMAGE, scale]) is fixed_batch([scale, IMAGE]) is fixed_batch([rate]) is None
    assert batch_axes([image, scale]) == (0, None)


def test_an_axis_of_the_batch_s_name_is_the_batch_wherever_it_stands() -> None:
    audio = ModelInput("audio", "float32", (None, None), ("batch", "samples"))
    state = ModelInput("state", "float32", (2, None, 128), ("", "batch", ""))
    assert batch_axes([state, audio]) == (1, 0)
    nameless = ModelInput("state", "float32", (2, None, 128), ("", "", ""))
    assert batch_axes([nameless, audio]) == (None, 0)
    assert batch_axes([ModelInput("any", "float32", None)]) == (None,)


def test_an_axis_called_batch_goes_before_the_first() -> None:
    """Of recurrent networks that have the steps first, and of inputs whose first axis is fixed or has another name."""
    steps = ModelInput("steps", "float32", (None, None, 8), ("time", "batch_size", ""))
    state, scale = (
        ModelInput("state", "float32", (2, None, 8), ("", "batch_size", "")),
        ModelInput("x", "float32", (2,)),
    )
    mask = ModelInput("mask", "bool", (None, None), ("time", "time"))
    nameless = ModelInput("other", "float32", (None, 8), ("", ""))
    assert batch_axes([steps, state, scale, mask, nameless]) == (1, 1, None, None, 0)
    assert batch_axes([state]) == (1,)
