"""Names of inputs and outputs that don't depend on what was built before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from harness.base.errors import ExportError
from harness.export import export, random_examples
from harness.export.interface import describe
from tests.export.nets import L, examples, randomized, run, small


def names(model: keras.Model) -> tuple[list[str], list[str]]:
    interface = describe(model)
    return [port.name for port in interface.inputs], [port.name for port in interface.outputs]


def two_by_two(inputs: Any, outputs: tuple[str | None, str | None], as_dict: bool = False) -> keras.Model:
    """Two inputs to two outputs of different sizes, all of which matter."""
    tensors = list(inputs.values()) if isinstance(inputs, dict) else inputs
    joined = L.Concatenate()([L.Dense(3)(tensors[0]), L.Dense(4)(tensors[1])])
    heads = [L.Dense(size, name=name)(joined) for size, name in zip((2, 5), outputs, strict=True)]
    return randomized(keras.Model(inputs, {"small": heads[0], "large": heads[1]} if as_dict else heads))


def test_one_input_and_output() -> None:
    """`input` and `output`, whatever Keras calls them and however many nets were built before."""
    small()
    assert names(small()) == (["input"], ["output"])


def test_several_given_names() -> None:
    """The names that were given in Keras."""
    model = two_by_two([keras.Input((3,), name="left"), keras.Input((3,), name="right")], ("digit", "color"))
    assert names(model) == (["left", "right"], ["digit", "color"])


def test_several_automatic_names() -> None:
    """Names that Keras made up hold a counter; numbers by position take their place."""
    for _ in range(2):
        model = two_by_two([keras.Input((3,)), keras.Input((3,))], (None, None))
        assert names(model) == (["input_0", "input_1"], ["output_0", "output_1"])


def test_keys_of_a_dict() -> None:
    """A model that takes and gives dicts has its keys, in the order in which Keras flattens them."""
    model = two_by_two({"z": keras.Input((3,), name="z"), "a": keras.Input((3,), name="a")}, (None, None), as_dict=True)
    assert names(model) == (["a", "z"], ["large", "small"])


def test_an_input_of_text() -> None:
    """No array of numbers stands for it, so it is refused by its name."""
    words = keras.Input((), dtype="string", name="words")
    model = keras.Model(words, L.Embedding(4, 3)(L.StringLookup(vocabulary=["a", "b"])(words)))
    with pytest.raises(ExportError, match=r"takes text in its input 'words', which can't be exported"):
        random_examples(model)


def test_same_name_twice() -> None:
    """An output that is called like an input is numbered, for a file can't hold a name twice."""
    inputs = {"small": keras.Input((3,), name="small"), "image": keras.Input((3,), name="image")}
    assert names(two_by_two(inputs, (None, None), as_dict=True)) == (["image", "small"], ["large", "output_1"])


@pytest.mark.parametrize("as_dict", [False, True])
def test_inputs_and_outputs_are_not_swapped(as_dict: bool, tmp_path: Path) -> None:
    """Each input reaches its own layer, and each output its own name."""
    inputs: Any = {"z": keras.Input((3,), name="z"), "a": keras.Input((3,), name="a")}
    model = two_by_two(inputs if as_dict else list(inputs.values()), ("digit", "color"), as_dict)
    path = tmp_path / "net.onnx"
    arrays = examples(model)
    export(model, path, arrays)
    structured = dict(zip(("a", "z"), arrays, strict=True)) if as_dict else arrays
    expected = model(structured)["large"] if as_dict else model(structured)[0]
    np.testing.assert_allclose(run(path, *arrays)[0], expected, rtol=1e-4, atol=1e-5)
    graph = onnx.load(path).graph
    assert [value.name for value in graph.input] == (["a", "z"] if as_dict else ["z", "a"])
    assert [value.name for value in graph.output] == (["large", "small"] if as_dict else ["digit", "color"])


def test_batch_dimension_is_named(tmp_path: Path) -> None:
    """`batch` in the input, in the output and in between; the other sizes are fixed."""
    model = small()
    export(model, tmp_path / "net.onnx", examples(model))
    graph = onnx.load(tmp_path / "net.onnx").graph
    shapes = [
        [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    ]
    assert shapes == [["batch", 12, 12, 3], ["batch", 5]]


def test_size_that_is_not_fixed(tmp_path: Path) -> None:
    """A fully convolutional net keeps its free height and width, each under a name of its own."""
    inputs = keras.Input((None, None, 3))
    model = randomized(keras.Model(inputs, L.GlobalAveragePooling2D()(L.Conv2D(4, 3, padding="same")(inputs))))
    export(model, tmp_path / "net.onnx", np.random.default_rng(0).random((3, 9, 7, 3)))
    assert describe(model).inputs[0].shape == ("batch", "input_1", "input_2", 3)
    assert run(tmp_path / "net.onnx", np.zeros((2, 5, 11, 3), np.float32))[0].shape == (2, 4)
