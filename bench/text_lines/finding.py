"""How much of what a text detector finds another finds too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from harness.prune.onnx.graph.running import Runner
from harness.stats.intervals import Interval, t_interval

Array = npt.NDArray[Any]
BATCH = 8
TEXT = 0.3  # the probability from which RapidOCR takes a pixel for text


def maps(path: Path, pages: Array) -> Array:
    """The probability of text at each pixel of pages (N, 3, H, W): float32 (N, H, W)."""
    (name,) = (value.name for value in onnx.load_model(path, load_external_data=False).graph.input)
    runner = Runner(path.read_bytes(), optimized=True)
    parts = [runner.run({name: pages[start : start + BATCH]})[0] for start in range(0, len(pages), BATCH)]
    return np.concatenate(parts)[:, 0]


@dataclass(frozen=True)
class Kept:
    """Of each page: the relative error of the map, and the overlap of the regions of text with the original's."""

    errors: tuple[float, ...]
    overlaps: tuple[float, ...]

    @classmethod
    def of(cls, original: Array, pruned: Array) -> Kept:
        """Maps (N, H, W) of both."""
        pairs = list(zip(original.astype(np.float64), pruned.astype(np.float64), strict=True))
        errors = tuple(float(np.linalg.norm(one - other) / np.linalg.norm(one)) for one, other in pairs)
        return cls(errors, tuple(overlap(one > TEXT, other > TEXT) for one, other in pairs))

    @property
    def error(self) -> Interval:
        """The mean relative error over pages, in percent."""
        return t_interval([100 * each for each in self.errors])

    @property
    def overlap(self) -> Interval:
        """The mean intersection over union over pages, in percent."""
        return t_interval([100 * each for each in self.overlaps])


def overlap(one: Array, other: Array) -> float:
    """Intersection over union of two regions; 1 where neither has a pixel."""
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0
