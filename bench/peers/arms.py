"""What comes out of a pruner: ONNX files of one design, each recovered in its way, and how often each is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.data import Dataset
from harness.measure.accuracy.judging import evaluate


@dataclass(frozen=True)
class Arm:
    """The files that one pruner made of one original: by the way of recovery, the file.

    `name` is the pruner with its importance, `design` what its latency depends on: files of a design differ in their
    weights alone.
    """

    name: str
    design: str
    seed: int
    files: dict[str, Path]

    def accuracies(self, data: Dataset) -> dict[str, float]:
        """In percent, on the test images, in onnxruntime."""
        return {way: accuracy(path, data) for way, path in self.files.items()}


def accuracy(path: Path, data: Dataset) -> float:
    """Of an ONNX file, in percent."""
    return 100 * evaluate(path, data.test_images, data.test_labels, device="cpu").value
