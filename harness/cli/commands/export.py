"""`harness export`: a Keras model as an ONNX file that computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.crash import step
from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    ResizeOption,
    ScaleOption,
    UnsafeFlag,
    data_options,
    dataset_for,
    require_data,
)
from harness.cli.terminal import print_json, print_lines

if TYPE_CHECKING:
    import keras

    from harness.data import Dataset
    from harness.records import Export, Metadata


def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="The model, a .keras file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The ONNX file. [default: MODEL.onnx]")] = None,
    data: Annotated[str | None, typer.Option(help="Compare on this dataset, not on random examples.")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    batch: Annotated[int | None, typer.Option(help="The one batch size that the file takes. [default: any]")] = None,
    layout: Annotated[str | None, typer.Option(help="How it takes images: nhwc or nchw. [default: as Keras]")] = None,
    float16_inputs: Annotated[bool, typer.Option("--float16-inputs", help="Take float16, compute in float32.")] = False,
    opset: Annotated[int, typer.Option(help="ONNX operator set, 13 to 23.")] = 18,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Export a Keras model to ONNX, and check that the file computes the same."""
    from harness.base.keras_file import load_model
    from harness.cli.arguments import check_writable
    from harness.spec import ExportSpec, checked

    given = {"batch": batch, "layout": layout, "float16_inputs": float16_inputs, "opset": opset}
    options = data_options(scale, color, resize, limit)
    require_data(data, options)
    asked = checked(ExportSpec, given, "harness export")
    with step(f"load {model.name}"):
        loaded = load_model(model, unsafe=unsafe)
    path = output or model.with_suffix(".onnx")
    check_writable(path, model)
    from harness.export import export as export_model
    from harness.export import random_examples

    examples = None if data is None else dataset_for(loaded, data, options)
    with step("export and compare"):
        found = export_model(
            loaded,
            path,
            random_examples(loaded) if examples is None else examples.test_images,
            asked,
            metadata=_metadata(model, loaded, data, examples, options),
            labels=None if examples is None or not examples.labelled else examples.test_labels,
        )
    if as_json:
        print_json({"path": str(path), **found.model_dump(mode="json")})
    else:
        print_lines(f"{path}: {_told(found, 'random examples' if examples is None else 'test examples')}")


def _metadata(
    path: Path, model: keras.Model, data: str | None, examples: Dataset | None, options: dict[str, Any]
) -> Metadata:
    """What the ONNX file says of where it comes from, and of the data that it was compared on."""
    from harness.base.store import file_digest
    from harness.prune.files import plan_beside
    from harness.records import Metadata, Preprocessing
    from harness.spec import DataSpec

    return Metadata(
        source=file_digest(path),
        plan=plan_beside(path, model),
        labels=() if examples is None else examples.class_names,
        preprocessing=None if data is None else Preprocessing.of(DataSpec(name=data, **options)),
    )


def _told(found: Export, examples: str) -> str:
    twin = "" if found.twin_of is None else f"the float32 twin of a {found.twin_of} model, {_distance(found)}; it "
    assert found.parity is not None  # it came from Keras
    right = "" if found.accuracy is None else f"; {found.accuracy.hits / found.accuracy.examples:.2%} of them are right"
    return (
        f"{found.size_bytes / 1e6:.2f} MB; {twin}agrees with Keras on {found.parity.examples} {examples}, "
        f"to {found.parity.largest_difference:.1g} of the outputs' spread{right}"
    )


def _distance(found: Export) -> str:
    """How far the model itself is from what was exported."""
    if found.twin_difference is None:
        return "whose own outputs are not all finite numbers"
    return f"whose own outputs differ from it by up to {found.twin_difference:.1g} of their spread"
