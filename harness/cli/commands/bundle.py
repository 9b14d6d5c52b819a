"""`harness bundle`: a model to ship, with all that is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError
from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    data_options,
)
from harness.cli.terminal import print_json, print_lines, terminal

if TYPE_CHECKING:
    from harness.base.progress import Progress
    from harness.deploy.source.evidence import Evidence

Options = dict[str, Any]


def _print_schema(asked: bool) -> None:
    if asked:
        from harness.deploy.manifest import schema_text

        print_lines(schema_text().rstrip())
        raise typer.Exit


def bundle(  # noqa: PLR0913, PLR0917 - one parameter an option
    source: Annotated[Path, typer.Argument(help="A run's folder, or an ONNX file.")],
    variant: Annotated[str | None, typer.Argument(help="Of a run: the variant, as its page's commands do.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder. [default: NAME-bundle]")] = None,
    data: Annotated[str | None, typer.Option(help="Of an ONNX file: the data it is for.")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    against: Annotated[Path | None, typer.Option(help="Of an ONNX file: the ONNX file it was made from.")] = None,
    device: Annotated[str | None, typer.Option(help="Of an ONNX file: auto, cpu or cuda. [default: auto]")] = None,
    budget: Annotated[float | None, typer.Option(help="Of an ONNX file: seconds to time it. [default: 20]")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", callback=_print_schema, is_eager=True, help="Print manifest.json's JSON Schema.")
    ] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Bundle a model to ship: ONNX, manifest with hashes and measured figures, test vectors, README."""
    from harness.base.store import check_writable
    from harness.deploy.bundling import check_target, write_bundle
    from harness.spec.names import file_name

    progress = terminal(quiet)
    options = data_options(scale, color, resize, limit)
    if output is None and source.suffix == ".onnx":
        output = Path(f"{file_name(source.stem)}-bundle")
    if output is not None:
        check_target(output)
        check_writable(output)
    if source.suffix == ".onnx":
        if variant is not None:
            raise SpecError(f"{variant}: an ONNX file has no variants; leave it out")
        asked = {"device": device, "budget_s": budget}
        given = {key: value for key, value in asked.items() if value is not None}
        evidence = _of_file(source, data, options, against, given, progress)
    else:
        _no_more_than_a_run(source, variant, {"--data": data, "--against": against, "--device": device}, options)
        evidence = _of_run(source, variant, progress)
    folder = output or Path(f"{file_name(evidence.name)}-bundle")
    manifest = write_bundle(evidence, folder, progress)
    if as_json:
        print_json({"path": str(folder), "manifest": manifest.model_dump(mode="json")})
        return
    accuracy = "" if manifest.accuracy is None else f", accuracy {manifest.accuracy.value:.2%}"
    gains = [] if manifest.baseline is None else manifest.baseline.speedups
    speed = "".join(f", {one.speedup:.2f} times as fast at batch {one.batch}" for one in gains)
    print_lines(
        f"{folder}: {manifest.name}, {manifest.model.size_bytes / 1e6:.2f} MB{accuracy}{speed}; check it where it "
        f"arrives with `harness validate {folder}`"
    )


def _no_more_than_a_run(
    source: Path, variant: str | None, given: dict[str, object], options: dict[str, object]
) -> None:
    named = [name for name, value in given.items() if value is not None] + [f"--{field}" for field in options]
    if named:
        raise SpecError(f"{', '.join(named)}: for an ONNX file; the run {source} says that itself")
    if variant is None:
        raise SpecError(f"{source}: which variant? give its name, as its page's commands do")


def _of_run(run: Path, variant: str | None, progress: Progress) -> Evidence:
    from harness.deploy.source.from_run import evidence_of_run

    return evidence_of_run(run, variant or "", progress)


def _of_file(
    onnx: Path,
    data: str | None,
    options: Options,
    against: Path | None,
    asked: Options,
    progress: Progress,
) -> Evidence:
    from harness.cli.options import dataset
    from harness.deploy.source.described import prepared
    from harness.deploy.source.from_file import evidence_of_file
    from harness.measure.files.model_file import read_model
    from harness.spec import DataSpec, MeasureSpec, checked

    if data is None:
        raise SpecError(f"{onnx}: what is it for? give --data mnist5k, images:DIR or npz:FILE")
    measuring = checked(MeasureSpec, {"budget_s": 20.0, **asked}, "bundle")
    files = [read_model(path) for path in (onnx, *([against] if against else []))]
    options = prepared(files[0], options)
    spec = checked(DataSpec, {"name": data, **options}, "--data")
    return evidence_of_file(
        onnx,
        spec,
        dataset(data, options),
        against=against,
        measuring=measuring,
        progress=progress,
    )
