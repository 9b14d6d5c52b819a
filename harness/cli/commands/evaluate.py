"""`harness evaluate`: the accuracy of ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    data_options,
    dataset,
)
from harness.cli.terminal import answers, print_json, print_lines, terminal

if TYPE_CHECKING:
    from harness.measure.accuracy.evaluation import Examples

PARTS = ("test", "train", "all")


def evaluate(  # noqa: PLR0913, PLR0917 - one parameter an option
    models: Annotated[list[Path], typer.Argument(help="An ONNX classifier, or two: the second against the first.")],
    data: Annotated[str, typer.Option(help="What it is judged on: mnist5k, images:DIR, npz:FILE, ...")],
    part: Annotated[str, typer.Option(help="Its test examples, train or all.")] = "test",
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Say how accurate an ONNX classifier is; exit 1 if it is at chance, or the second of two is worse."""
    from harness.base.errors import SpecError
    from harness.measure.accuracy.evaluation import evaluate_files
    from harness.measure.accuracy.predictions import only_input
    from harness.measure.accuracy.present import sentences
    from harness.measure.files.model_file import read_model
    from harness.measure.tables import classes_table
    from harness.spec import MeasureSpec, checked

    if len(models) > 2:
        raise SpecError(f"{len(models)} files: give one, or two to be compared; `harness measure` takes more")
    if part not in PARTS:
        raise SpecError(f"--part {part}: is unknown; use test, train or all")
    asked = checked(MeasureSpec, {"device": device}, "evaluate").device
    for path in models:
        only_input(read_model(path))
    examples = _examples(data, part, data_options(scale, color, resize, limit))
    found = evaluate_files(models, examples, device=asked, progress=terminal(quiet))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_lines(*sentences(found))
        answers.print(classes_table(found))
    raise typer.Exit(1 if found.refused else 0)


def _examples(name: str, part: str, options: dict[str, object]) -> Examples:
    """The examples of a part of a dataset, with their labels."""
    import numpy as np

    from harness.measure.accuracy.evaluation import Examples

    found = dataset(name, options)
    parts = {
        "train": [(found.train_images, found.train_labels)],
        "test": [(found.test_images, found.test_labels)],
    }
    chosen = parts.get(part, [*parts["train"], *parts["test"]])
    return Examples(
        name=name if part == "all" else f"{name}, {part} examples",
        images=np.concatenate([images for images, _ in chosen]) if len(chosen) > 1 else chosen[0][0],
        labels=np.concatenate([labels for _, labels in chosen]),
        class_names=found.class_names,
        digest=found.digest,
    )
