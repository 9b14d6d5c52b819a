"""The command line: one thin function per command. The only module that prints or exits.

Exit codes: 0 good, 1 the answer is no, 2 the question could not be answered.
Heavy packages are imported inside the commands, so that `harness --help` stays instant.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import HarnessError
from harness.terminal import answers, print_json, print_lines, print_message, terminal

if TYPE_CHECKING:
    from harness.data import Dataset
    from harness.measurement import Comparison, Measurement

app = typer.Typer(
    name="harness",
    help="Prune Keras networks, prove it, and measure in ONNX Runtime what it cost and what it bought.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]


QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


@app.callback()
def _root() -> None:
    """Keeps every command a word of its own, however few there are."""


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="The study, a TOML file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the runs.")] = Path("runs"),
    store: Annotated[Path, typer.Option(help="Folder for finished stages, kept between runs.")] = Path(".harness"),
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; overrides the study's.")] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Train, prune, export, measure and report a study."""
    from harness.pipeline import run_study
    from harness.spec import MeasureSpec, checked, read_study

    asked = read_study(study)
    if device is not None:
        measure = checked(MeasureSpec, {**asked.measure.model_dump(), "device": device}, "--device")
        asked = asked.model_copy(update={"measure": measure})
    finished = run_study(asked, runs=output, store=store, progress=terminal(quiet))
    if as_json:
        print_json(finished.results.model_dump(mode="json"))
    else:
        from harness.report import summary

        print_lines(*summary(finished.results), f"Report: {finished.report}")
    failed = [row for row in finished.results.rows if row.error]
    for row in failed:
        print_message(f"{row.name}: {row.error}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or its results.json.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Another folder for the report.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a run's report again, from its results alone."""
    from harness import report as reporting
    from harness.results import read_results

    found = read_results(run)
    written = reporting.write(found, output or (run if run.is_dir() else run.parent))
    if as_json:
        print_json(reporting.as_json(found) | {"report": str(written.html)})
        return
    print_lines(*written.summary, f"Report: {written.html}")


@app.command()
def results(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or their results.json.")],
    as_json: JsonFlag = False,
) -> None:
    """Show each run's variants: accuracy, size, latency and speed-up."""
    from harness import report as reporting
    from harness.results import read_results

    found = [read_results(run) for run in runs]
    if as_json:
        print_json([reporting.as_json(each) for each in found])
        return
    for each in found:
        answers.print(reporting.terminal_table(each))


@app.command()
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
    inputs: Annotated[list[str] | None, typer.Option("--input", help="name:shape:dtype, repeatable.")] = None,
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

    from harness import arguments
    from harness import measure as measuring
    from harness.exchange import as_json as json_of
    from harness.exchange import as_pytest_benchmark
    from harness.spec import MeasureSpec, checked

    asked = {
        "batch_sizes": batch and arguments.whole_numbers(batch, "--batch"),
        "modes": mode and mode.split(","),
        "device": device,
        "threads": threads,
        "inter_op_threads": inter_op_threads,
        "spinning": spinning,
        "optimization": optimization,
        "provider_options": arguments.settings(provider_option or [], "--provider-option"),
        "inputs": inputs,
        "input_copies": input_copies,
        "precision": precision and arguments.fraction(precision, "--precision"),
        "margin": margin and arguments.fraction(margin, "--margin"),
        "budget_s": budget,
        "timeout_s": timeout,
        "seed": seed,
    }
    spec = checked(MeasureSpec, {key: value for key, value in asked.items() if value is not None}, "harness measure")
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
    from harness.advice import advice
    from harness.tables import measurement_tables

    for table in measurement_tables(found, comparisons):
        answers.print(table)
    for line in advice(found, comparisons):
        print_lines(f"- {line}")


@app.command()
def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: Annotated[Path, typer.Argument(help="The model, a .keras file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The ONNX file. [default: MODEL.onnx]")] = None,
    data: Annotated[str | None, typer.Option(help="Compare on this dataset, not on random examples.")] = None,
    scale: Annotated[str, typer.Option(help="The dataset's pixels: unit (0 to 1) or raw (0 to 255).")] = "unit",
    opset: Annotated[int, typer.Option(help="ONNX operator set, 13 to 18.")] = 18,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Run code inside the file (Lambda layers).")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Export a Keras model to ONNX, and check that the file computes the same."""
    from harness.export import export as export_model
    from harness.export import random_examples
    from harness.keras_file import load_model

    loaded = load_model(model, unsafe=unsafe)
    images = random_examples(loaded) if data is None else dataset(data, scale).test_images
    path = output or model.with_suffix(".onnx")
    found = export_model(loaded, path, images, opset=opset)
    if as_json:
        print_json({"path": str(path), **found.model_dump(mode="json")})
        return
    examples = f"{found.parity.examples} {'random examples' if data is None else 'test examples'}"
    print_lines(
        f"{path}: {found.size_bytes / 1e6:.2f} MB; agrees with Keras on {examples}, "
        f"to {found.parity.largest_difference:.1g} of the outputs' spread"
    )


def dataset(name: str, scale: str) -> Dataset:
    """The dataset that an option names."""
    from harness.data import load
    from harness.spec import DataSpec, checked

    return load(checked(DataSpec, {"name": name, "scale": scale}, "--data"))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A run's folder, or a file from `harness measure --out`.")],
    after: Annotated[Path, typer.Argument(help="Another, measured under the same conditions.")],
    as_json: JsonFlag = False,
) -> None:
    """Say which models got faster or slower from one measurement to another; exit 1 if one got slower."""
    from harness.across import changes, read_occasion
    from harness.tables import changes_table

    found = changes(read_occasion(before), read_occasion(after))
    if as_json:
        print_json([change.model_dump(mode="json") for change in found])
    else:
        answers.print(changes_table(found))
    raise typer.Exit(1 if any(change.verdict == "slower" for change in found) else 0)


@app.command()
def doctor(as_json: JsonFlag = False) -> None:
    """Say what this machine can run, and what is wrong with it."""
    from harness.doctor import examine

    found = examine()
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    environment = found.environment
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    lines = [
        f"onnxruntime really runs on: {', '.join(found.devices)}",
        f"{environment['cpu']}, {len(environment['affinity'])} CPUs allowed; {versions}",
        *(f"{gpu['name']}, driver {gpu['driver_version']}" for gpu in environment["gpus"]),
        *(f"- {problem}" for problem in found.problems),
    ]
    print_lines(*lines)


def main() -> None:
    """Run the command line; what the user can mend becomes one line and exit code 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except HarnessError as error:
        print_message(f"harness: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        print_message("harness: interrupted; finished stages are kept, run again to go on")
        sys.exit(130)


if __name__ == "__main__":
    main()
