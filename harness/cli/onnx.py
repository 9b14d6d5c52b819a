"""What commands do with ONNX files in the place of Keras models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.cli.options import dataset

if TYPE_CHECKING:
    from harness.base.progress import Progress
    from harness.prune.onnx.files import Done
    from harness.spec import PruneSpec, SpeedSpec

SUFFIX = ".onnx"


def is_onnx(path: Path) -> bool:
    """Whether this is an ONNX file, by its name."""
    return path.suffix == SUFFIX


def only_batch(path: Path) -> tuple[int, ...] | None:
    """The batch size of an ONNX file that takes no other; None of one that takes any, and of any other file."""
    if not is_onnx(path):
        return None
    from harness.measure.files.model_file import read_model
    from harness.measure.inputs.declared import fixed_batch

    fixed = fixed_batch(read_model(path).inputs)
    return None if fixed is None else (fixed,)


def check_both(original: Path, pruned: Path) -> bool:
    """Whether both are ONNX files; raise SpecError where only one is."""
    if is_onnx(original) != is_onnx(pruned):
        raise SpecError(f"{original} and {pruned}: one is an ONNX file and the other is none; give two of a kind")
    return is_onnx(original)


def refuse_for_onnx(options: Mapping[str, Any]) -> None:
    """Raise SpecError for options that only Keras models have and that were given."""
    given = [name for name, value in options.items() if value not in (None, False, 0)]
    if given:
        raise SpecError(f"{' and '.join(given)}: for Keras models alone, not for ONNX files; leave it out")


def refuse_for_keras(inputs: Sequence[str] | None) -> None:
    """Raise SpecError for `--input` beside a Keras model."""
    if inputs:
        raise SpecError("--input: says what an ONNX file takes; a Keras model says that itself, so leave it out")


@dataclass(frozen=True)
class FileAsked:
    """How an ONNX file is to be pruned: by exactly one of an amount, a plan to replay, and a speed."""

    spec: PruneSpec | None
    plan: Path | None
    speed: SpeedSpec | None
    images: int | None  # to solve kernels again from, beside a speed


def prune_file(
    source: Path,
    output: Path | None,
    asked: FileAsked,
    inputs: Sequence[str],
    data: tuple[str | None, dict[str, Any]],
    run: tuple[int, str, Progress],
) -> Done:
    """Prune an ONNX file. `data` is a dataset's name and options, `run` a seed, the store and who is told."""
    from harness.prune.onnx.api import Given
    from harness.prune.onnx.files import OnnxJob, run_onnx_job

    images, others, labels = (None, None, None) if data[0] is None else _examples(source, data[0], data[1])
    job = OnnxJob(
        source=source,
        output=output or source.parent / f"{source.stem}-pruned{SUFFIX}",
        spec=asked.spec,
        plan=asked.plan,
        speed=asked.speed,
        images=asked.images,
        given=Given(images, others, inputs, run[0], labels),
        store=run[1],
    )
    return run_onnx_job(job, run[2])


def _examples(source: Path, name: str, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """What --data names: to choose and solve by, others to judge by, and their labels where there are any.

    Arrays by input name, or images (N, H, W, C).
    """
    from harness.measure.files.model_file import read_model
    from harness.prune.onnx.examples import read_examples, split

    found = read_examples(name, read_model(source).inputs)
    if found is not None:
        if options:
            said = " and ".join(f"--{option}" for option in options)
            raise SpecError(f"{said}: for images; arrays by input name are fed as they are, so leave it out")
        return *split(found), None
    data = dataset(name, options, labels=False)
    if len(data.test_images):
        return data.train_images, data.test_images, data.test_labels if data.labelled else None
    first, others = split({"": data.train_images})
    return first[""], None if others is None else others[""], None
