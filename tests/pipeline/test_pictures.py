"""Pictures of test examples: small PNG files that show what the network was given."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.compare import Labelled, compare, disagreements
from harness.pipeline.pictures import LARGEST, picture
from harness.spec import Study
from tests.synthetic import pictured, results_of


def seen(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    text = picture(image)
    assert text is not None
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def ramp(shape: tuple[int, ...], low: float, high: float) -> NDArray[np.float32]:
    return np.linspace(low, high, int(np.prod(shape)), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28), (1, 28, 28)])
def test_a_grey_image_is_shown_as_it_is(shape: tuple[int, ...]) -> None:
    image = ramp(shape, 0.2, 0.8)
    assert (seen(image) == np.rint(255 * image.reshape(28, 28))).all()


def test_an_image_with_its_channels_first_is_shown_with_them_last() -> None:
    image = ramp((3, 8, 12), 0, 1)
    assert (seen(image) == np.rint(255 * np.moveaxis(image, 0, -1))).all()


def test_pixels_as_stored_are_shown_as_they_are() -> None:
    image = ramp((8, 8, 3), 10, 200)
    assert (seen(image) == np.rint(image)).all()


def test_other_numbers_are_stretched_from_black_to_white() -> None:
    """As of images that were standardized."""
    shown = seen(ramp((8, 8, 1), -2, 3))
    assert (shown.min(), shown.max()) == (0, 255)
    assert (seen(np.full((8, 8, 1), -3, np.float32)) == 0).all()


def test_a_large_image_becomes_small_and_keeps_its_shape() -> None:
    assert seen(ramp((224, 112, 3), 0, 1)).shape == (LARGEST, LARGEST // 2, 3)


@pytest.mark.parametrize("shape", [(16,), (8, 8, 2), (4, 8, 8, 1), (8, 8, 4)])
def test_what_is_no_image_has_no_picture(shape: tuple[int, ...]) -> None:
    assert picture(ramp(shape, 0, 1)) is None


def test_a_run_has_pictures_of_what_its_report_shows_and_no_others() -> None:
    study = Study.model_validate({"name": "half", "networks": [{"model": "single_conv", "prune": [{"ratio": 0.5}]}]})
    results = pictured(results_of(study))
    answers = compare(results)
    ((variant, reference),) = answers.swaps
    found = disagreements(Labelled.of(results, answers), variant.key, reference.key)
    assert found is not None
    assert results.example_sets[found.digest].pictures.keys() == {each.number for each in found.shown}
