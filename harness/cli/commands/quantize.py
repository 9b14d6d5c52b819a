"""`harness quantize`: an ONNX file in INT8 or float16, and whether that pays here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError
from harness.cli.options import (
    ColorFlag,
    JsonFlag,
    LimitOption,
    OnnxInputs,
    QuietFlag,
    ResizeOption,
    ScaleOption,
    data_options,
    dataset,
    require_data,
)
from harness.cli.terminal import print_json, print_lines, terminal

if TYPE_CHECKING:
    from harness.data import Dataset
    from harness.measure.accuracy.evaluation import Examples


def quantize(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="A float32 ONNX file. It is never changed.")],
    data: Annotated[str | None, typer.Option(help="Images to find ranges by and judge on: images:DIR, ...")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="All in INT8 that can be. The default.")] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="All in float16, for a GPU.")] = False,
    auto: Annotated[bool, typer.Option("--auto", help="In INT8 only what is measured to be faster so here.")] = False,
    images: Annotated[int | None, typer.Option(help="From so many training images. [default: 256]")] = None,
    calibrator: Annotated[str | None, typer.Option(help="minmax or percentile. [default: minmax]")] = None,
    keep: Annotated[list[str] | None, typer.Option(help="A node that stays in float32, repeatable.")] = None,
    half_io: Annotated[bool, typer.Option("--half-io", help="With --fp16: inputs and outputs in float16 too.")] = False,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    batch: Annotated[str | None, typer.Option(help="Batch sizes to measure. [default: 1,32]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads to measure with. [default: 1]")] = None,
    device: Annotated[str | None, typer.Option(help="Where it will run: auto, cpu, cuda. [default: auto]")] = None,
    inputs: OnnxInputs = None,
    budget: Annotated[
        float | None, typer.Option(help="Seconds to measure; --auto as long again. [default: 30]")
    ] = None,
    measure: Annotated[bool, typer.Option(help="Whether to measure the speed.")] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="[default: MODEL-int8.onnx, or as asked]")
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Write an ONNX file in INT8 or float16, and say what it costs and brings; exit 1 if it is slower or worse."""
    from harness.quantize.job import QuantizeJob, run_quantize_job
    from harness.quantize.present import lines
    from harness.quantize.quantizing import Examples as Images

    precision = _precision({"--int8": int8, "--fp16": fp16, "--auto": auto})
    spec = _spec(precision, {"images": images, "calibrator": calibrator, "keep": keep, "half_io": half_io or None})
    if precision == "auto" and not measure:
        raise SpecError("--auto: measures what is faster; leave out --no-measure")
    measuring = _measuring(batch, threads, device, budget, inputs)
    _check_measured(measure, {"--batch": batch, "--threads": threads, "--budget": budget, "--input": inputs})
    if data is None and precision != "fp16":
        raise SpecError(f"--{precision}: needs images to find ranges by; give --data, such as images:DIR")
    options = data_options(scale, color, resize, limit)
    require_data(data, options)
    found = None if data is None else dataset(data, options, labels=False)
    job = QuantizeJob(
        source=model,
        output=output or model.with_name(f"{model.stem}-{precision}.onnx"),
        spec=spec,
        examples=Images() if found is None else Images(found.train_images, found.test_images),
        judged=_judged(found, data or ""),
        scale="raw" if scale == "raw" else "unit",
        measuring=measuring,
        measured=measure,
    )
    done = run_quantize_job(job, terminal(quiet))
    if as_json:
        print_json({"files": [str(path) for path in done.files], **done.about.model_dump(mode="json")})
    else:
        print_lines(*lines(done.about, job.output))
    raise typer.Exit(1 if done.about.refused else 0)


def _check_measured(measured: bool, options: dict[str, Any]) -> None:
    """Refuse what says how to measure where nothing is measured."""
    given = [name for name, value in options.items() if value not in (None, [])]
    if given and not measured:
        raise SpecError(f"{' and '.join(given)}: for measuring the speed; leave it out, or --no-measure")


def _precision(asked: dict[str, bool]) -> str:
    """Which of the three was asked for."""
    given = [name for name, flag in asked.items() if flag]
    if len(given) > 1:
        raise SpecError(f"{' and '.join(given)}: give one of them")
    return given[0].removeprefix("--") if given else "int8"


def _spec(precision: str, options: dict[str, Any]) -> Any:
    from harness.spec import QuantizeSpec, checked

    given = {name: value for name, value in options.items() if value not in (None, [])}
    ranges = [f"--{name}" for name in ("images", "calibrator") if name in given]
    if ranges and precision == "fp16":
        raise SpecError(f"{' and '.join(ranges)}: for the ranges of --int8 and --auto; leave it out with --fp16")
    return checked(QuantizeSpec, {"precision": precision, **given}, "harness quantize")


def _measuring(
    batch: str | None, threads: int | None, device: str | None, budget: float | None, inputs: list[str] | None
) -> Any:
    from harness.cli.arguments import whole_numbers
    from harness.spec import MeasureSpec, checked

    asked = {
        "batch_sizes": None if batch is None else whole_numbers(batch, "--batch"),
        "threads": threads,
        "device": device,
        "inputs": inputs or None,
        "budget_s": 30.0 if budget is None else budget,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return checked(MeasureSpec, given, "harness quantize")


def _judged(found: Dataset | None, name: str) -> Examples | None:
    """The test examples, where they have labels."""
    from harness.measure.accuracy.evaluation import Examples

    if found is None or not found.labelled:
        return None
    return Examples(f"{name}, test examples", found.test_images, found.test_labels, found.class_names, found.digest)
