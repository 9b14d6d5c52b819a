"""A dataset's examples in the shape and type that a model's input has."""

from __future__ import annotations

import numpy as np
import pytest

from harness.base.errors import DataError
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.examples import fitted

PICTURES = np.arange(2 * 4 * 5 * 3, dtype=np.float32).reshape(2, 4, 5, 3)


def wanted(*shape: int | None, dtype: str = "float32") -> ModelInput:
    return ModelInput("x", dtype, (None, *shape))


@pytest.mark.parametrize(
    ("images", "asked", "shape", "layout"),
    [
        (PICTURES, wanted(4, 5, 3), (2, 4, 5, 3), "as stored"),
        (PICTURES, wanted(None, None, 3), (2, 4, 5, 3), "as stored"),
        (PICTURES, wanted(3, 4, 5), (2, 3, 4, 5), "channels first"),
        (PICTURES, wanted(3, None, None), (2, 3, 4, 5), "channels first"),
        (PICTURES[..., :1], wanted(1, 4, 5), (2, 1, 4, 5), "as stored"),
        (PICTURES[..., :1], wanted(4, 5), (2, 4, 5), "as stored"),
        (PICTURES, ModelInput("x", "float32", None), (2, 4, 5, 3), "as stored"),
        (PICTURES, wanted(4, 5, 3, dtype="uint8"), (2, 4, 5, 3), "as stored"),
    ],
)
def test_axes_of_one_and_the_place_of_channels_are_no_difference(
    images: np.ndarray, asked: ModelInput, shape: tuple[int, ...], layout: str
) -> None:
    found, told = fitted("m.onnx", asked, images)
    assert (found.shape, told) == (shape, layout)


def test_channels_are_moved_not_reshaped() -> None:
    found, _ = fitted("m.onnx", wanted(3, 4, 5), PICTURES)
    assert np.array_equal(found[1, 2], PICTURES[1, :, :, 2])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (wanted(8, 8, 3), "m.onnx: takes 8x8x3 for each example, and the data has 4x5x3; give --resize 8x8"),
        (wanted(3, 8, 9), "and the data has 4x5x3; give --resize 8x9"),
        (wanted(4, 5, 1), "and the data has 4x5x3; give data of that shape"),
        (wanted(), "takes one number for each example"),
        (wanted(60), "and the data has 4x5x3; give data of that shape"),
        (wanted(4, 5, 3, dtype="string"), "takes string, and examples are numbers"),
    ],
)
def test_what_does_not_fit_is_one_line(asked: ModelInput, message: str) -> None:
    with pytest.raises(DataError) as refused:
        fitted("m.onnx", asked, PICTURES)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_fractions_are_not_cut_off() -> None:
    with pytest.raises(DataError, match="takes uint8, and the data's numbers are not whole; give --scale raw"):
        fitted("m.onnx", wanted(4, 5, 3, dtype="uint8"), PICTURES / 255)
