"""Pictures to feed the files with: drawn lines and pages of text, and parts of scikit-learn's two photographs."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
Draw = Callable[[np.random.Generator, int, int, int], Pixels]  # of so many, so high and so wide
LETTERS = string.ascii_letters + string.digits
NOISE = 8.0  # the standard deviation of each pixel


def lines(generator: np.random.Generator, count: int, height: int, width: int) -> Pixels:
    """A line of a few words each, dark on light or the other way: uint8 (count, height, width, 3)."""
    return np.stack([_noisy(generator, _line(generator, height, width)) for _ in range(count)])


def turned_lines(generator: np.random.Generator, count: int, height: int, width: int) -> Pixels:
    """The same, every other one upside down."""
    made = lines(generator, count, height, width)
    made[::2] = made[::2, ::-1, ::-1]
    return made


def pages(generator: np.random.Generator, count: int, height: int, width: int) -> Pixels:
    """Some lines of different sizes at different places of a picture."""
    return np.stack([_noisy(generator, _page(generator, height, width)) for _ in range(count)])


def photographs(generator: np.random.Generator, count: int, height: int, width: int) -> Pixels:
    """Parts of two photographs, mirrored or not, darker or lighter."""
    from sklearn.datasets import load_sample_images

    photos = load_sample_images().images
    return np.stack(
        [_part(generator, photos[int(generator.integers(len(photos)))], height, width) for _ in range(count)]
    )


def _words(generator: np.random.Generator, length: int) -> str:
    made = "".join(generator.choice(list(LETTERS), length))
    places = sorted(generator.integers(2, max(3, length), length // 6))
    return " ".join(part for part in np.split(np.array(list(made)), places) for part in ["".join(part)] if part)


def _colours(generator: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ink and paper."""
    dark, light = generator.integers(0, 90, 3), generator.integers(165, 256, 3)
    pair = (dark, light) if generator.random() < 0.7 else (light, dark)
    ink, paper = (tuple(int(each) for each in colour) for colour in pair)
    return ink, paper


def _line(generator: np.random.Generator, height: int, width: int) -> Image.Image:
    ink, paper = _colours(generator)
    image = Image.new("RGB", (width, height), paper)
    size = height * generator.uniform(0.5, 0.75)
    text = _words(generator, max(3, int(width / size * generator.uniform(0.8, 1.6))))
    place = generator.uniform(0, 0.3) * size, generator.uniform(0, 0.3) * (height - size)
    ImageDraw.Draw(image).text(place, text, ink, ImageFont.load_default(size))
    return image


def _page(generator: np.random.Generator, height: int, width: int) -> Image.Image:
    ink, paper = _colours(generator)
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for _ in range(int(generator.integers(3, 9))):
        size = generator.uniform(0.04, 0.12) * height
        place = generator.uniform(0, 0.6) * width, generator.uniform(0, 0.9) * height
        draw.text(place, _words(generator, int(generator.integers(3, 14))), ink, ImageFont.load_default(size))
    return image


def _noisy(generator: np.random.Generator, image: Image.Image) -> Any:
    pixels = np.asarray(image, np.float64)
    return np.clip(pixels + generator.normal(0, NOISE, pixels.shape), 0, 255).astype(np.uint8)


def _part(generator: np.random.Generator, photo: Any, height: int, width: int) -> Any:
    size = int(generator.integers(160, min(photo.shape[:2])))
    top, left = (int(generator.integers(0, most - size + 1)) for most in photo.shape[:2])
    image = Image.fromarray(photo[top : top + size, left : left + size]).resize((width, height))
    pixels = np.asarray(image, np.float64) * generator.uniform(0.6, 1.3)
    return np.clip(pixels[:, :: 1 if generator.random() < 0.5 else -1], 0, 255).astype(np.uint8)
