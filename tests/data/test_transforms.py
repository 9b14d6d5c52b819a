"""Transforms: what they do to pixels, and that they leave their input alone."""

from __future__ import annotations

import numpy as np
import pytest

from harness.base.errors import DataError
from harness.data import transforms

DIGITS = np.random.default_rng(0).integers(1, 256, (300, 7, 5, 1)).astype(np.uint8)


def test_scale_to_unit_and_raw() -> None:
    unit, raw = transforms.scale(DIGITS, "unit"), transforms.scale(DIGITS, "raw")
    assert unit.dtype == raw.dtype == np.float32
    np.testing.assert_array_equal(raw, DIGITS)
    np.testing.assert_allclose(unit, DIGITS / 255, rtol=1e-6)


def test_scale_gives_a_copy_even_of_floats() -> None:
    """So that a caller may change the images of one dataset without changing another's."""
    floats = DIGITS.astype(np.float32) / 255
    for to in ("unit", "raw"):
        assert not np.shares_memory(transforms.scale(floats, to), floats)


def test_color_puts_each_image_in_one_channel() -> None:
    """All three colors occur, about equally often."""
    colored = transforms.color(DIGITS, np.random.default_rng(0))
    assert colored.shape == (300, 7, 5, 3)
    np.testing.assert_array_equal(colored.max(axis=-1), DIGITS[..., 0])
    channels = colored.max(axis=(1, 2)) > 0
    assert (channels.sum(axis=1) == 1).all()
    assert channels.sum(axis=0).min() > 70


def test_color_is_drawn_by_the_seed() -> None:
    one, same, other = (transforms.color(DIGITS, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_color_refuses_color() -> None:
    with pytest.raises(DataError, match="needs grey images, and these have 3 channels"):
        transforms.color(np.zeros((2, 4, 4, 3), np.uint8), np.random.default_rng(0))


@pytest.mark.parametrize("channels", [1, 3])
def test_enlarging_is_what_keras_computes(channels: int) -> None:
    """Bilinear with pixel centres at halves, as keras.layers.Resizing.

    8-bit images differ by rounding alone: of the input, of the rows and of the columns.
    """
    import keras

    images = np.random.default_rng(1).random((3, 7, 5, channels)).astype(np.float32)
    wanted = keras.ops.convert_to_numpy(keras.ops.image.resize(images, (16, 12), interpolation="bilinear"))
    np.testing.assert_allclose(transforms.resize(images, (16, 12)), wanted, atol=1e-6)
    eight_bit = np.rint(images * 255).astype(np.uint8)
    enlarged = transforms.resize(eight_bit, (16, 12))
    assert enlarged.dtype == np.uint8
    np.testing.assert_allclose(enlarged / 255, wanted, atol=1.51 / 255)


def test_shrinking_averages() -> None:
    """A fine checkerboard becomes grey; without smoothing it would become black, white or a pattern."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, ..., None]
    np.testing.assert_allclose(transforms.resize(board, (8, 8)), 127.5, atol=3)


def test_a_size_is_height_and_width() -> None:
    assert transforms.resize(DIGITS, (9, 20)).shape == (300, 9, 20, 1)
