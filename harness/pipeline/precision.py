"""A study's ONNX files in another precision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.base.progress import Progress
from harness.base.store import file_digest
from harness.data import Dataset
from harness.export.architecture import architecture_digest
from harness.measure.group import placement
from harness.quantize.blame import blame
from harness.quantize.quantizing import Conditions, Examples, write_quantized
from harness.records import Export, Quantization
from harness.spec import MeasureSpec, QuantizeSpec


@dataclass(frozen=True)
class Asked:
    """What is asked of a file. `chosen` is another seed's, whose choice of nodes is taken over.

    Where it is `profiled`, it is told where the time goes.
    """

    spec: QuantizeSpec
    measuring: MeasureSpec
    chosen: Quantization | None
    profiled: bool


def in_precision(
    source: tuple[Path, Export], output: Path, asked: Asked, dataset: Dataset, progress: Progress
) -> tuple[Quantization, Export]:
    """Write a file in another precision, and say what became of it and what it is now.

    Ranges are from training images, and how much of the answers is kept is told on test images.

    Raises:
        QuantizeError: it can't be quantized.
    """
    path, export = source
    found = _written(path, output, asked, dataset, progress)
    if asked.profiled and asked.spec.precision != "fp16" and not found.unchanged:
        placed = placement(output, asked.measuring.device, asked.measuring.inputs)
        device = "cpu" if asked.measuring.device == "cpu" else "cuda"
        found = found.model_copy(update={"blamed": blame(path, output, placed, asked.measuring, device)})
    now = {
        "size_bytes": output.stat().st_size,
        "sha256": file_digest(output),
        "architecture": architecture_digest(output),
    }
    return found, export.model_copy(update=now)


def _written(path: Path, output: Path, asked: Asked, dataset: Dataset, progress: Progress) -> Quantization:
    images, conditions = Examples(dataset.train_images, dataset.test_images), Conditions(asked.measuring, progress)
    if asked.chosen is None:
        return write_quantized(path, output, asked.spec, images, conditions)
    if asked.chosen.unchanged:
        output.write_bytes(path.read_bytes())
        return asked.chosen.model_copy(update={"agreement": None, "blamed": ()})
    same = QuantizeSpec(precision="int8", keep=asked.chosen.left)
    found = write_quantized(path, output, same, images, conditions)
    return found.model_copy(update={"spec": asked.spec, "arrangements": asked.chosen.arrangements})
