"""Text as pictures: lines of one height, and pages with several lines, in fonts of Debian's packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.text_lines.texts import line
from harness.base.errors import HarnessError

FONTS = Path("/usr/share/fonts/truetype")
FAMILIES = ("dejavu", "liberation")
LEFT_OUT = ("Math", "ExtraLight")  # symbols, and strokes of less than a pixel
HEIGHT, WIDTH = 48, 320
SIDE = 320  # of a page
LINES_A_PAGE = 6

Array = npt.NDArray[Any]


def fonts(folder: Path = FONTS) -> list[Path]:
    """The font files, in order of name.

    Raises:
        HarnessError: there are none.
    """
    found = sorted(path for family in FAMILIES for path in (folder / family).glob("*.ttf"))
    found = [path for path in found if not any(name in path.name for name in LEFT_OUT)]
    if not found:
        raise HarnessError(f"no fonts in {folder}; install Debian's packages fonts-dejavu and fonts-liberation")
    return found


@dataclass(frozen=True)
class Lines:
    """Pictures of lines, uint8 (N, 48, 320, 3), each from the left, and how wide each is; and what stands there."""

    images: Array
    widths: Array
    texts: tuple[str, ...]

    def part(self, start: int, stop: int) -> Lines:
        """Some of them."""
        return Lines(self.images[start:stop], self.widths[start:stop], self.texts[start:stop])


def lines(count: int, seed: int, files: Sequence[Path]) -> Lines:
    """So many lines, each drawn by the seed and its number: font, size, colours, blur and noise."""
    images, widths, texts = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8), np.zeros(count, np.int64), []
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        texts.append(line(generator))
        drawn = _strip(texts[-1], files, generator)
        width = min(WIDTH, max(1, round(drawn.width * HEIGHT / drawn.height)))
        images[number, :, :width] = _worn(drawn.resize((width, HEIGHT), Image.Resampling.BILINEAR), generator)
        widths[number] = width
    return Lines(images, widths, tuple(texts))


def pages(count: int, seed: int, files: Sequence[Path]) -> Array:
    """So many pages, uint8 (N, 320, 320, 3), with some lines on each."""
    return np.stack([_page(np.random.default_rng([seed, number]), files) for number in range(count)])


def for_recogniser(some: Lines) -> Array:
    """As the recogniser takes lines: float32 (N, 3, 48, 320) from -1 to 1, and 0 to the right of each."""
    pixels = some.images.astype(np.float32) / 127.5 - 1
    beside = np.arange(WIDTH)[None, :] >= some.widths[:, None]
    pixels.swapaxes(1, 2)[beside] = 0
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def for_detector(images: Array) -> Array:
    """As the detector takes pages: float32 (N, 3, 320, 320), less ImageNet's mean and by its spread."""
    mean, spread = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    return np.ascontiguousarray(((images.astype(np.float32) / 255 - mean) / spread).transpose(0, 3, 1, 2))


def _strip(text: str, files: Sequence[Path], generator: np.random.Generator) -> Image.Image:
    """A line in one colour on another, with a little room around it."""
    font = ImageFont.truetype(str(files[int(generator.integers(len(files)))]), int(generator.integers(28, 41)))
    left, top, right, bottom = font.getbbox(text)
    room = [int(each) for each in generator.integers(2, 9, 4)]
    size = int(right - left) + room[0] + room[1], int(bottom - top) + room[2] + room[3]
    paper, ink = _colours(generator)
    strip = Image.new("RGB", size, paper)
    ImageDraw.Draw(strip).text((room[0] - left, room[2] - top), text, font=font, fill=ink)
    return strip


def _colours(generator: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of paper and ink: one light, one dark."""
    light, dark = generator.integers(170, 256, 3), generator.integers(0, 90, 3)
    pair = (light, dark) if generator.random() < 0.8 else (dark, light)
    return tuple(int(each) for each in pair[0]), tuple(int(each) for each in pair[1])


def _worn(picture: Image.Image, generator: np.random.Generator) -> Array:
    """As a camera has it: a little out of focus, with noise."""
    blurred = picture.filter(ImageFilter.GaussianBlur(float(generator.uniform(0, 0.9))))
    noise = generator.normal(0, generator.uniform(0, 14), (picture.height, picture.width, 3))
    return np.clip(np.asarray(blurred, np.float64) + noise, 0, 255).round().astype(np.uint8)


def _page(generator: np.random.Generator, files: Sequence[Path]) -> Array:
    """Lines below one another on one paper, some of them indented."""
    paper, ink = _colours(generator)
    page = Image.new("RGB", (SIDE, SIDE), paper)
    for top, size in _places(generator):
        font = ImageFont.truetype(str(files[int(generator.integers(len(files)))]), size)
        ImageDraw.Draw(page).text((int(generator.integers(6, 60)), top), line(generator), font=font, fill=ink)
    return _worn(page, generator)


def _places(generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Where lines begin on a page, from its top, and how large they are; in pixels."""
    top = int(generator.integers(4, 30))
    for _ in range(int(generator.integers(2, LINES_A_PAGE + 1))):
        size = int(generator.integers(14, 27))
        if top + 2 * size > SIDE:
            return
        yield top, size
        top += int(size * generator.uniform(1.5, 2.6))
