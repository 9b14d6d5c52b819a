"""What several models are fed together: invented, or given and checked, or refused with what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.base.errors import MeasureError, SpecError
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import Given, gather
from harness.measure.inputs.wanted import in_one_order

PATH = Path("model.onnx")
IMAGE = ModelInput("image", "float32", (None, 28, 28, 1))
TOKENS = ModelInput("tokens", "int64", (None, None))
AUDIO = (
    ModelInput("audio", "float32", (None, None)),
    ModelInput("state", "float32", (2, None, 128)),
    ModelInput("rate", "int64", ()),
)


def given(*texts: str, **arrays: Any) -> Given:
    return gather(texts, None, arrays, [])


def described(inputs: list[ModelInput] | tuple[ModelInput, ...], what: Given | None = None, **place: Path) -> list[Any]:
    return describe_inputs([(PATH, inputs)], what, **place)


def test_floats_of_known_shape_are_invented() -> None:
    assert described([IMAGE]) == [{"shape": [None, 28, 28, 1], "dtype": "float32"}]


def test_a_fixed_first_axis_is_the_batch_and_another_length_is_not() -> None:
    image, scale = ModelInput("image", "float32", (4, 28)), ModelInput("scale", "float32", (3,))
    assert described([image, scale]) == [{"shape": [None, 28], "dtype": "float32"}, {"shape": [3], "dtype": "float32"}]


def test_a_number_in_place_of_n_makes_it_no_batch() -> None:
    """A model whose first axis is, say, a sequence."""
    assert described([TOKENS], given("tokens:64x16:int64")) == [{"shape": [64, 16], "dtype": "int64"}]


def test_the_number_that_a_model_fixes_is_its_batch() -> None:
    fixed = ModelInput("image", "float32", (4, None))
    assert described([fixed], given("image:4x28:float32"))[0]["shape"] == [None, 28]


def test_integers_can_not_be_invented_and_the_message_says_what_to_write() -> None:
    """Which integers make sense, such as token ids, no harness can know."""
    with pytest.raises(MeasureError, match=r"tokens:\?x\?:int64 can't be invented; give --input tokens:Nx128:int64"):
        described([TOKENS])


def test_all_that_is_missing_is_told_at_once_and_the_suggestion_is_taken() -> None:
    with pytest.raises(MeasureError, match="can't be invented; give") as refused:
        described(AUDIO)
    words = str(refused.value).split(" give ")[1].split(" with ")[0].replace("--input ", "").split()
    assert words == ["audio:Nx128:float32", "state:2xNx128:float32", "rate=1"]


@pytest.mark.parametrize(
    "one",
    [
        ModelInput("x", "float32", (None, None, 0)),
        ModelInput("x", "float32", (None, 3, None, None)),
        ModelInput("x", "int64", (2, None, 4)),
        ModelInput("x", "bool", None),
        ModelInput("x", "int32", ()),
        ModelInput("x", "string", (None,)),
    ],
)
def test_every_suggestion_is_taken_by_the_option_it_is_for(one: ModelInput, tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="give --input ") as refused:
        described([IMAGE, one])
    (word,) = str(refused.value).split(" give ")[1].split(" with ")[0].replace("--input ", "").split()
    assert described([IMAGE, one], given(word), folder=tmp_path)[1]["dtype"].startswith(one.dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "complex64"])
def test_a_type_that_can_not_be_fed_is_refused_and_no_suggestion_made(dtype: str) -> None:
    """NumPy lacks the one, onnxruntime's operators the other."""
    with pytest.raises(MeasureError, match=rf"x:\?x3:{dtype} has a type that can't be fed; export"):
        described([ModelInput("x", dtype, (None, 3))])


def test_what_was_given_is_used_wherever_the_batch_stands() -> None:
    found = described(AUDIO[:2], given("audio:Nx512:float32", "state:2xNx128:float32"))
    assert [one["shape"] for one in found] == [[None, 512], [2, None, 128]]


@pytest.mark.parametrize("text", ["image:Nx28x28x3:float32", "image:Nx28x28x1:float64", "image:Nx28:float32"])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(MeasureError, match=r"does not fit the model's image:\?x28x28x1:float32"):
        described([IMAGE], given(text))


def test_an_input_the_model_does_not_have_lists_those_it_has() -> None:
    for what in ("picture:Nx28x28x1:float32", "picture=3"):
        with pytest.raises(MeasureError, match="has no input 'picture'; its inputs are image:"):
            described([IMAGE], given(what))


def test_an_input_that_is_given_twice_is_refused() -> None:
    with pytest.raises(SpecError, match="input 'image' is given a shape twice; leave one out"):
        given("image:Nx3:float32", "image:Nx4:float32")
    with pytest.raises(SpecError, match="input 'image' is given values twice; leave one out"):
        given("image=3", image=np.zeros(3))


def test_a_single_value_fills_its_input(tmp_path: Path) -> None:
    what = given("audio:Nx4:float32", "audio=0.5", "rate=16000")
    found = described((AUDIO[0], AUDIO[2]), what, folder=tmp_path)
    assert [one["shape"] for one in found] == [[None, 4], []]
    with np.load(found[0]["file"]) as stored:
        assert np.array_equal(stored[found[0]["key"]], np.full((1, 4), 0.5, np.float32))
        assert (stored[found[1]["key"]].item(), stored[found[1]["key"]].dtype) == (16000, np.int64)


def test_numbers_and_lists_in_python_are_values_too(tmp_path: Path) -> None:
    found = described(AUDIO[::2], given(audio=[[0.5, 1]], rate=16000), folder=tmp_path)
    assert [(one["shape"], one["dtype"]) for one in found] == [([None, 2], "float32"), ([], "int64")]


@pytest.mark.parametrize(
    ("dtype", "text"),
    [("int64", "x=1.5"), ("uint8", "x=300"), ("uint8", "x=-1"), ("bool", "x=2"), ("float32", "x=text"),
     ("float16", "x=1e6"), ("int64", "x=[[1], [2, 3]]")],
)  # fmt: skip
def test_a_value_that_would_change_in_the_input_s_type_is_refused(dtype: str, text: str) -> None:
    with pytest.raises(MeasureError, match=rf"--input {text[:2]}.* is no {dtype}, which the model's x:2:{dtype} wants"):
        described([ModelInput("x", dtype, (2,))], given(text))


def test_a_value_for_an_input_of_open_size_asks_for_the_shape() -> None:
    with pytest.raises(MeasureError, match="does not say how many; give the shape too, such as --input tokens:Nx128"):
        described([TOKENS], given("tokens=7"))


def test_given_arrays_are_described_and_checked(tmp_path: Path) -> None:
    (found,) = described([IMAGE], given(image=np.zeros((5, 28, 28, 1), np.float32)), folder=tmp_path)
    assert (found["shape"], found["dtype"], found["file"]) == (
        [None, 28, 28, 1],
        "float32",
        str(tmp_path / "inputs.npz"),
    )
    with pytest.raises(MeasureError, match="no array was given for input tokens"):
        described([TOKENS], given(image=np.zeros(3)), folder=tmp_path)
    for wrong, cure in (
        (np.zeros((5, 28, 28, 3), np.float32), "float32; give one of the model's shape"),
        (np.zeros((0, 28, 28, 1), np.float32), "float32; give one of the model's shape"),
        (np.zeros((5, 28, 28, 1)), r"float64; convert it by array\.astype\('float32'\)"),
    ):
        with pytest.raises(MeasureError, match=rf"the array for image:.* has shape \(\d, 28, 28, \d\) and type {cure}"):
            described([IMAGE], given(image=wrong), folder=tmp_path)


def test_different_arrays_have_different_digests(tmp_path: Path) -> None:
    arrays = (np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32), np.zeros((1, 3), np.float32))
    x = [ModelInput("x", "float32", (None, 3))]
    assert len({described(x, given(x=array), folder=tmp_path)[0]["sha256"] for array in arrays}) == 3


def test_the_batch_that_no_file_names_is_told_by_the_arrays_lengths(tmp_path: Path) -> None:
    """A state of one example beside a sound of one, or as many of both."""
    for length in (1, 4):
        arrays = {"audio": np.zeros((4, 512), np.float32), "state": np.zeros((2, length, 128), np.float32)}
        found = described(AUDIO[:2], given(**arrays), folder=tmp_path)
        assert [one["shape"] for one in found] == [[None, 512], [2, None, 128]]


def test_arrays_of_different_numbers_of_examples_are_refused(tmp_path: Path) -> None:
    pair = [ModelInput(name, "float32", (None, 3)) for name in "ab"]
    with pytest.raises(MeasureError, match="hold 2 and 5 examples; give as many for each input, or one"):
        described(pair, given(a=np.zeros((2, 3), np.float32), b=np.zeros((5, 3), np.float32)), folder=tmp_path)


def pair(*shapes: tuple[int | None, ...] | None) -> list[tuple[Path, list[ModelInput]]]:
    return [(Path(f"{index}.onnx"), [ModelInput("x", "float32", shape)]) for index, shape in enumerate(shapes)]


def test_fixed_and_open_sizes_go_together_where_what_is_given_fits_both() -> None:
    models = pair((None, 3, 64, 64), (None, 3, None, None), (1, 3, 64, None), None)
    with pytest.raises(
        MeasureError, match=r"1.onnx: its inputs .* differ .*; to feed all the same, give --input x:Nx3x64x64"
    ):
        describe_inputs(models)
    assert describe_inputs(models, given("x:Nx3x64x64:float32"))[0]["shape"] == [None, 3, 64, 64]
    with pytest.raises(MeasureError, match=r"0.onnx: --input for 'x' does not fit"):
        describe_inputs(models, given("x:Nx3x32x32:float32"))


def test_sizes_types_and_ranks_that_no_input_can_have_at_once_are_refused() -> None:
    for other in ((None, 3, 32, 32), (None, 3, 64)):
        with pytest.raises(MeasureError, match=r"differ from those of 0.onnx \(x:\?x3x64x64:float32\)$"):
            describe_inputs(pair((None, 3, 64, 64), other), given("x:Nx3x64x64:float32"))
    other_type = (PATH, [ModelInput("x", "uint8", (None, 3))])
    with pytest.raises(MeasureError, match="differ from those of"):
        describe_inputs([*pair((None, 3)), other_type], given("x:Nx3:float32"))


def test_inputs_of_the_same_names_are_fed_by_name_and_others_by_order() -> None:
    """Two inputs of one shape, in another order in another file: a swap would go unnoticed."""
    a, b, c = (ModelInput(name, "float32", (None, 3)) for name in "abc")
    assert in_one_order([a, b], [b, a]) == (a, b)
    assert in_one_order([a, b], [c, a]) == (c, a)
