"""What a model wants to be fed: read from the user, from the file, or refused with what to write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import MeasureError, SpecError
from harness.runtime.inputs import (
    GivenInput,
    ModelInput,
    describe_arrays,
    describe_inputs,
    fixed_batch,
    parse_input,
)

PATH = Path("model.onnx")
IMAGE = ModelInput("image", "float32", (None, 28, 28, 1))
TOKENS = ModelInput("tokens", "int64", (None, None))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("image:Nx28x28x1:float32", GivenInput("image", "float32", (None, 28, 28, 1))),
        ("image:N,28:uint8", GivenInput("image", "uint8", (None, 28))),
        ("a:b:3x4:int64", GivenInput("a:b", "int64", (3, 4))),
        ("scalar::float32", GivenInput("scalar", "float32", ())),
    ],
)
def test_inputs_are_read_as_written(text: str, parsed: GivenInput) -> None:
    assert parse_input(text) == parsed


@pytest.mark.parametrize(
    "text", ["image", "image:3x4", "image:3xM:float32", "image:-1:float32", ":3:float32", "image:NxNx1:float32"]
)
def test_a_malformed_input_shows_the_form(text: str) -> None:
    with pytest.raises(SpecError, match="name:shape:dtype; write for example image:Nx28x28x1:float32"):
        parse_input(text)


def test_an_unknown_type_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match="type 'floaty' is unknown; use one of float16, float32"):
        parse_input("image:Nx3:floaty")


def test_floats_of_known_shape_are_invented() -> None:
    assert describe_inputs(PATH, [IMAGE], []) == [{"shape": [28, 28, 1], "dtype": "float32", "batched": True}]


def test_a_fixed_first_axis_is_the_batch_and_another_length_is_not() -> None:
    image, scale = ModelInput("image", "float32", (4, 28)), ModelInput("scale", "float32", (3,))
    assert fixed_batch([image, scale]) == 4
    assert fixed_batch([IMAGE, scale]) is None
    assert describe_inputs(PATH, [image, scale], []) == [
        {"shape": [28], "dtype": "float32", "batched": True},
        {"shape": [3], "dtype": "float32", "batched": False},
    ]


def test_a_number_in_place_of_n_makes_it_no_batch() -> None:
    """A model whose first axis is, say, a sequence."""
    assert describe_inputs(PATH, [TOKENS], [parse_input("tokens:64x16:int64")]) == [
        {"shape": [64, 16], "dtype": "int64", "batched": False}
    ]


def test_integers_can_not_be_invented_and_the_message_says_what_to_write() -> None:
    """Which integers make sense, such as token ids, no harness can know."""
    with pytest.raises(MeasureError, match=r"tokens:\?x\?:int64 can't be invented; give --input tokens:Nx128:int64"):
        describe_inputs(PATH, [TOKENS], [])


def test_an_unknown_size_can_not_be_invented() -> None:
    with pytest.raises(MeasureError, match="give --input image:Nx3x128x128:float32"):
        describe_inputs(PATH, [ModelInput("image", "float32", (None, 3, None, None))], [])


def test_what_was_given_is_used() -> None:
    assert describe_inputs(PATH, [TOKENS], [parse_input("tokens:Nx16:int64")]) == [
        {"shape": [16], "dtype": "int64", "batched": True}
    ]


@pytest.mark.parametrize("text", ["image:Nx28x28x3:float32", "image:Nx28x28x1:float64", "image:Nx28:float32"])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(MeasureError, match=r"does not fit the model's image:\?x28x28x1:float32"):
        describe_inputs(PATH, [IMAGE], [parse_input(text)])


def test_an_input_the_model_does_not_have_lists_those_it_has() -> None:
    with pytest.raises(MeasureError, match="has no input 'picture'; its inputs are image:"):
        describe_inputs(PATH, [IMAGE], [parse_input("picture:Nx28x28x1:float32")])


def test_given_arrays_are_described_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "inputs.npz"
    np.savez(file, image=np.zeros((5, 28, 28, 1), np.float32))
    described = describe_arrays(PATH, [IMAGE], file)
    assert described == [{"file": str(file), "key": "image", "batched": True, "shape": [28, 28, 1], "dtype": "float32"}]
    with pytest.raises(MeasureError, match="no array was given for input tokens"):
        describe_arrays(PATH, [TOKENS], file)
    np.savez(file, image=np.zeros((5, 28, 28, 3), np.float32))
    with pytest.raises(MeasureError, match=r"has shape \(5, 28, 28, 3\)"):
        describe_arrays(PATH, [IMAGE], file)
