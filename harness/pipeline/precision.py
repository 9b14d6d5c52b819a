"""A study's ONNX files in another precision."""

from __future__ import annotations

from pathlib import Path

from harness.base.progress import Progress
from harness.base.store import file_digest
from harness.data import Dataset
from harness.export.architecture import architecture_digest
from harness.quantize.quantizing import Conditions, Examples, write_quantized
from harness.records import Export, Quantization
from harness.spec import MeasureSpec, QuantizeSpec


def in_precision(
    source: tuple[Path, Export],
    output: Path,
    spec: QuantizeSpec,
    dataset: Dataset,
    how: tuple[MeasureSpec, Progress],
    chosen: Quantization | None,
) -> tuple[Quantization, Export]:
    """Write a file in another precision, and say what became of it and what it is now.

    Ranges are from training images, and how much of the answers is kept is told on test images. With `chosen` the nodes
    that `auto` left in float32 for another seed are left here too.

    Raises:
        QuantizeError: it can't be quantized.
    """
    path, export = source
    images = Examples(dataset.train_images, dataset.test_images)
    asked = spec if chosen is None else QuantizeSpec(precision="int8", keep=chosen.left)
    if chosen is not None and chosen.unchanged:
        output.write_bytes(path.read_bytes())
        found = chosen
    else:
        found = write_quantized(path, output, asked, images, Conditions(*how))
    if chosen is not None:
        found = found.model_copy(update={"spec": spec, "arrangements": chosen.arrangements})
    now = {
        "size_bytes": output.stat().st_size,
        "sha256": file_digest(output),
        "architecture": architecture_digest(output),
    }
    return found, export.model_copy(update=now)
