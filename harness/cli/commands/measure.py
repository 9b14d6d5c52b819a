"""`harness measure`: ONNX files against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import JsonFlag, QuietFlag
from harness.cli.terminal import answers, print_json, print_list, terminal

if TYPE_CHECKING:
    from harness.measure.comparison import Comparison
    from harness.measure.measurement import Measurement


def measure(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: Annotated[list[Path], typer.Argument(help="ONNX files; the first is the baseline.")],
    batch: Annotated[str | None, typer.Option(help="Batch sizes. [default: 1,32]")] = None,
    mode: Annotated[str | None, typer.Option(help="end_to_end, device, cuda_graph. [default: end_to_end]")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda. [default: auto]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads within an operator. [default: 1]")] = None,
    inter_op_threads: Annotated[int | None, typer.Option(help="Operators run at once. [default: 1]")] = None,
    spinning: Annotated[bool | None, typer.Option(help="Whether idle threads spin. [default: spinning]")] = None,
    optimization: Annotated[str | None, typer.Option(help="none, basic, extended or all. [default: all]")] = None,
    provider_option: Annotated[list[str] | None, typer.Option(help="key=value for CUDA, repeatable.")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="name:shape:dtype, N being the batch, or name=value; repeatable."),
    ] = None,
    input_data: Annotated[
        Path | None, typer.Option("--inputs", help="Arrays by input name: an .npz, or a folder of ONNX test data.")
    ] = None,
    input_copies: Annotated[int | None, typer.Option(help="Inputs used in turn. [default: 1]")] = None,
    precision: Annotated[str | None, typer.Option(help="Half-width wanted. [default: 1.5%]")] = None,
    margin: Annotated[str | None, typer.Option(help="Difference that does not matter. [default: 2%]")] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds. [default: 60]")] = None,
    timeout: Annotated[float | None, typer.Option(help="Silence that ends a worker, s. [default: 120]")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of orders and inputs. [default: 0]")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the measurement with all raw samples.")] = None,
    benchmark_json: Annotated[Path | None, typer.Option(help="Write it in pytest-benchmark's format.")] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Measure ONNX files against each other, interleaved in fresh processes."""
    import json

    from harness import measure as measuring
    from harness.cli import arguments
    from harness.measure.exchange import as_json as json_of
    from harness.measure.exchange import as_pytest_benchmark
    from harness.spec import MeasureSpec, checked

    asked = {
        "batch_sizes": None if batch is None else arguments.whole_numbers(batch, "--batch"),
        "modes": None if mode is None else mode.split(","),
        "device": device,
        "threads": threads,
        "inter_op_threads": inter_op_threads,
        "spinning": spinning,
        "optimization": optimization,
        "provider_options": arguments.settings(provider_option or [], "--provider-option"),
        "inputs": inputs,
        "input_data": input_data,
        "input_copies": input_copies,
        "precision": None if precision is None else arguments.fraction(precision, "--precision"),
        "margin": None if margin is None else arguments.fraction(margin, "--margin"),
        "budget_s": budget,
        "timeout_s": timeout,
        "seed": seed,
    }
    spec = checked(MeasureSpec, {key: value for key, value in asked.items() if value is not None}, "measure")
    for path in (out, benchmark_json):
        if path is not None:
            arguments.check_writable(path, *paths, *([input_data] if input_data else []))
    found = measuring.measure(paths, spec, progress=terminal(quiet))
    comparisons = found.compare_all()
    if out is not None:
        arguments.write_text(out, found.model_dump_json())
    if benchmark_json is not None:
        arguments.write_text(benchmark_json, json.dumps(as_pytest_benchmark(found), indent=2))
    if as_json:
        print_json(json_of(found, comparisons))
    else:
        print_measurement(found, comparisons)
    raise typer.Exit(1 if any(row.error for row in found.rows) else 0)


def print_measurement(found: Measurement, comparisons: tuple[Comparison, ...]) -> None:
    """The tables, then what the measurement says about itself."""
    from harness.measure.advice import advice
    from harness.measure.tables import measurement_tables

    for table in measurement_tables(found, comparisons):
        answers.print(table)
    print_list(advice(found, comparisons))
