"""A study's ONNX files in another precision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.progress import Progress
from harness.base.store import Artifact, file_digest
from harness.data import Dataset
from harness.export.architecture import architecture_digest
from harness.measure.group import placement
from harness.measure.latency.conditions import conditions
from harness.pipeline.saving import save
from harness.quantize.blame import blame
from harness.quantize.quantizing import Conditions, Examples, write_quantized
from harness.records import Export, Quantization
from harness.spec import MeasureSpec, Precision, QuantizeSpec


@dataclass(frozen=True)
class Asked:
    """What is asked of a file. `chosen` is another seed's, whose choice of nodes is taken over.

    Where it is `profiled`, it is told where the time goes.
    """

    precision: Precision
    measuring: MeasureSpec
    chosen: Artifact | None
    profiled: bool

    @property
    def spec(self) -> QuantizeSpec:
        """How the numbers change."""
        return QuantizeSpec(precision=self.precision)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the file depends on beside the one that it is made from and the data."""
        return {
            "spec": self.spec.model_dump(mode="json"),
            "chosen": None if self.chosen is None else self.chosen.key,
            "profiled": self.profiled,
            "conditions": conditions(self.measuring, self.measuring.device),
        }


def in_precision(source: Artifact, folder: Path, asked: Asked, dataset: Dataset, progress: Progress) -> None:
    """Write a file in another precision, with what became of it and what it is now.

    Ranges are from training images, and how much of the answers is kept is told on test images.

    Raises:
        QuantizeError: it can't be quantized.
    """
    path, output = source.path("model.onnx"), folder / "model.onnx"
    found = _written(path, output, asked, dataset, progress)
    if asked.profiled and asked.precision != "fp16" and not found.unchanged:
        placed = placement(output, asked.measuring.device, asked.measuring.inputs)
        device = "cpu" if asked.measuring.device == "cpu" else "cuda"
        found = found.model_copy(update={"blamed": blame(path, output, placed, asked.measuring, device, progress)})
    now = {
        "size_bytes": output.stat().st_size,
        "sha256": file_digest(output),
        "architecture": architecture_digest(output),
    }
    save(source.record("export.json", Export).model_copy(update=now), folder / "export.json")
    save(found, folder / "quantization.json")


def _written(path: Path, output: Path, asked: Asked, dataset: Dataset, progress: Progress) -> Quantization:
    images, conditions = Examples(dataset.train_images, dataset.test_images), Conditions(asked.measuring, progress)
    if asked.chosen is None:
        return write_quantized(path, output, asked.spec, images, conditions)
    before = asked.chosen.record("quantization.json", Quantization)
    if before.unchanged:
        output.write_bytes(path.read_bytes())
        return before.model_copy(update={"agreement": None, "blamed": ()})
    found = write_quantized(path, output, QuantizeSpec(precision="int8", keep=before.left), images, conditions)
    return found.model_copy(update={"spec": asked.spec, "arrangements": before.arrangements})
