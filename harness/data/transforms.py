"""What can be done to images, by the name that it has in a study. None changes what it is given."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.dataset import Images

# Resizing floats may leave rounding beyond 1.
TOLERANCE = 1e-6


def scale(images: NDArray[Any], to: Literal["unit", "raw"]) -> Images:
    """Pixels as float32: in 0 to 1 (`unit`), or as they are stored (`raw`), which is 0 to 255 for 8-bit images.

    Args:
        images: uint8, or float32 which for `unit` are in 0 to 1 already, (N, ...).
        to: which.

    Raises:
        DataError: `unit` is asked for and float images are not in 0 to 1.
    """
    if to == "raw":
        return images.astype(np.float32)
    if images.dtype == np.uint8:
        scaled = images.astype(np.float32)
        scaled /= 255
        return scaled
    low, high = float(images.min()), float(images.max())
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise DataError(
            f"data.scale = 'unit' needs whole numbers from 0 to 255 or floats from 0 to 1, and these go from {low:g} "
            f"to {high:g}; take them as they are with --scale raw, or data.scale = 'raw' in a study"
        )
    return images.astype(np.float32)


def color(images: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
    """Each grey image all red, all green or all blue, drawn at random.

    Args:
        images: (N, H, W, 1).
        generator: draws the colors.

    Returns:
        (N, H, W, 3) of the same type: the grey values in one channel, zero in the others.

    Raises:
        DataError: they are no images, or not grey.
    """
    require_images(images, "color")
    if images.shape[-1] != 1:
        raise DataError(f"data.color needs grey images, and these have {images.shape[-1]} channels; remove color")
    channel = generator.integers(3, size=len(images))
    colored = np.zeros((*images.shape[:-1], 3), images.dtype)
    colored[np.arange(len(images)), :, :, channel] = images[..., 0]
    return colored


def rgb(images: NDArray[Any]) -> NDArray[Any]:
    """Each grey image (N, H, W, 1) as a color image (N, H, W, 3) of three equal channels.

    Raises:
        DataError: they are no images, or not grey.
    """
    require_images(images, "rgb")
    if images.shape[-1] != 1:
        raise DataError(f"data.rgb needs grey images, and these have {images.shape[-1]} channels; remove rgb")
    return np.repeat(images, 3, axis=-1)


def require_images(images: NDArray[Any], transform: str) -> None:
    """Raise DataError for a transform that is for images alone, where these are none."""
    if images.ndim != 4:
        raise DataError(
            f"data.{transform} is for images (N, height, width, channels), and these examples have shape "
            f"{images.shape[1:]}; remove {transform}"
        )


def resize(images: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Images of another size, by Pillow: bilinear, and smoothed first where they shrink.

    Args:
        images: uint8 or float32 (N, H, W, C).
        size: (height, width) in pixels.

    Returns:
        (N, height, width, C) of the same type.

    Raises:
        DataError: they are no images.
    """
    from PIL import Image

    require_images(images, "resize")
    height, width = size
    resized = np.empty((len(images), height, width, images.shape[-1]), images.dtype)
    for index, image in enumerate(images):
        for channel in range(image.shape[-1]):
            plane = Image.fromarray(np.ascontiguousarray(image[..., channel]))
            resized[index, ..., channel] = plane.resize((width, height), Image.Resampling.BILINEAR)
    return resized
