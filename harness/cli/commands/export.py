"""`harness export`: a Keras model as an ONNX file that computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from harness.cli.terminal import print_json, print_lines

if TYPE_CHECKING:
    from harness.records import Export


def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="The model, a .keras file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The ONNX file. [default: MODEL.onnx]")] = None,
    data: Annotated[str | None, typer.Option(help="Compare on this dataset, not on random examples.")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    opset: Annotated[int, typer.Option(help="ONNX operator set, 13 to 18.")] = 18,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Export a Keras model to ONNX, and check that the file computes the same."""
    from harness.base.keras_file import load_model
    from harness.cli.arguments import check_writable
    from harness.export import export as export_model
    from harness.export import random_examples

    with step(f"load {model.name}"):
        loaded = load_model(model, unsafe=unsafe)
    path = output or model.with_suffix(".onnx")
    check_writable(path, model)
    options = data_options(scale, color, resize, limit)
    images = random_examples(loaded) if data is None else dataset_for(loaded, data, options).test_images
    with step("export and compare"):
        found = export_model(loaded, path, images, opset=opset)
    if as_json:
        print_json({"path": str(path), **found.model_dump(mode="json")})
        return
    twin = "" if found.twin_of is None else f"the float32 twin of a {found.twin_of} model, {_distance(found)}; it "
    assert found.parity is not None  # it came from Keras
    examples = f"{found.parity.examples} {'random examples' if data is None else 'test examples'}"
    print_lines(
        f"{path}: {found.size_bytes / 1e6:.2f} MB; {twin}agrees with Keras on {examples}, "
        f"to {found.parity.largest_difference:.1g} of the outputs' spread"
    )


def _distance(found: Export) -> str:
    """How far the model itself is from what was exported."""
    if found.twin_difference is None:
        return "whose own outputs are not all finite numbers"
    return f"whose own outputs differ from it by up to {found.twin_difference:.1g} of their spread"
