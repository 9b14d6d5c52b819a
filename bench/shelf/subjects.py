"""What is pruned: the files, what they are fed, and how much of their answers another file keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bench.peers.originals import Size, original
from bench.shelf.pictures import Draw, lines, pages, photographs, turned_lines
from harness.base.progress import Progress
from harness.base.store import Store
from harness.data import load
from harness.measure.runtime.session import SessionSettings, open_session
from harness.spec import DataSpec

Array = npt.NDArray[Any]
Measure = Literal["class", "steps", "scores first", "scores last", "all"]
Scaling = tuple[Any, Any]  # the mean that is subtracted, and the deviation that is divided by, of pixels in 0 to 1
IMAGENET: Scaling = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))
HALVES: Scaling = (0.5, 0.5)
PIXELS: Scaling = (0.0, 1.0)
BYTES: Scaling = (0.0, 1 / 255)
BOX = 4  # numbers that say where something is, before those that say what
TEST = 10_000  # the seed of the pictures to judge by


@dataclass(frozen=True)
class Subject:
    """A file of one input, the pictures for it by seed and count, and how its answers are compared.

    `measure`: the largest of the last axis is an answer (`class`), at each step that is not blank (`steps`); else
    answers are scores, behind four numbers of a box along the first axis or the last, or `all` of the output.
    """

    name: str
    path: Path
    pictures: Callable[[int, int], Array]
    measure: Measure

    @property
    def input_name(self) -> str:
        """What the file calls its input."""
        return str(open_session(self.path, SessionSettings()).get_inputs()[0].name)

    @property
    def input_shape(self) -> str:
        """As `--input` has it, of one picture."""
        return f"{self.input_name}:{'x'.join(map(str, self.pictures(0, 1).shape))}:float32"


def drawn(draw: Draw, size: tuple[int, int, int], scaling: Scaling, seed: int, count: int) -> Array:
    """Pictures as a file takes them: float32 (count, channels, height, width), of `size` without the count."""
    channels, height, width = size
    scaled = (draw(np.random.default_rng(seed), count, height, width) / 255 - scaling[0]) / scaling[1]
    first = scaled.mean(axis=3, keepdims=True) if channels == 1 else scaled
    return np.ascontiguousarray(first.transpose(0, 3, 1, 2), np.float32)


def answers(path: Path, name: str, pictures: Array) -> Array:
    """The first output of a file for each picture alone, without axes of length 1: (pictures, ...)."""
    session = open_session(path, SessionSettings(threads=2))
    return np.stack(
        [np.squeeze(session.run(None, {name: pictures[at : at + 1]})[0]) for at in range(len(pictures))]
    )  # fmt: skip


def kept(measure: Measure, original: Array, other: Array) -> float:
    """How much of the original's answers another file keeps, in percent.

    Of classes the share that is the same, at steps where one of both is not blank; of scores the median cosine.
    """
    if original.shape != other.shape:
        return 0.0
    if measure in ("class", "steps"):
        one, two = original.argmax(axis=-1), other.argmax(axis=-1)
        told = (one != 0) | (two != 0) if measure == "steps" else np.ones(one.shape, bool)
        return 100 * float((one == two)[told].mean()) if told.any() else 100.0
    if measure != "all":
        part = (slice(None), slice(BOX, None)) if measure == "scores first" else (..., slice(BOX, None))
        original, other = original[part], other[part]
    a, b = (each.reshape(len(each), -1).astype(np.float64) for each in (original, other))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return 100 * float(np.median((a * b).sum(axis=1) / np.maximum(lengths, 1e-300)))


def fetched(folder: Path) -> list[Subject]:
    """The files that `make fetch-onnx` puts into a folder."""
    ocr, other = folder / "rapidocr_onnxruntime", folder / "ddddocr"
    return [
        Subject(name, path, partial(drawn, draw, size, scaling), measure)
        for name, path, draw, size, scaling, measure in (
            ("angle", ocr / "ch_ppocr_mobile_v2.0_cls_infer.onnx", turned_lines, (3, 48, 192), HALVES, "class"),
            ("detection", ocr / "ch_PP-OCRv4_det_infer.onnx", pages, (3, 320, 320), IMAGENET, "all"),
            ("recognition", ocr / "ch_PP-OCRv4_rec_infer.onnx", lines, (3, 48, 320), HALVES, "steps"),
            ("nudenet", folder / "nudenet" / "320n.onnx", photographs, (3, 320, 320), PIXELS, "scores first"),
            ("ddddocr det", other / "common_det.onnx", pages, (3, 416, 416), BYTES, "scores last"),
            ("ddddocr old", other / "common_old.onnx", lines, (1, 64, 160), HALVES, "steps"),
        )
    ]  # type: ignore[misc]


def deepcaptcha(store: Store, size: Size, progress: Progress) -> Subject:
    """The network that `make bench-peers` trains, with pieces of clothing."""
    data = load(DataSpec(name="fashion_mnist", limit=size.examples))

    def pictures(seed: int, count: int) -> Array:
        images = data.test_images if seed == TEST else data.train_images
        return np.asarray(images[np.random.default_rng(seed).permutation(len(images))[:count]], np.float32)

    return Subject("deepcaptcha", original(store, data, size, 0, progress).onnx, pictures, "class")
