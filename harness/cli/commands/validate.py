"""`harness validate`: may a bundle be shipped from here?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def validate(  # noqa: PLR0913, PLR0917 - one parameter an option
    bundle: Annotated[Path, typer.Argument(help="The folder that `harness bundle` wrote.")],
    gates: Annotated[Path | None, typer.Option(help="Gates in a file (TOML), such as max_latency_us = 200.")] = None,
    min_accuracy: Annotated[str | None, typer.Option(help="Accuracy on --data: 0.9 or 90%.")] = None,
    max_accuracy_drop: Annotated[str | None, typer.Option(help="Lost against --against on --data: 0.01 or 1%.")] = None,
    max_latency_us: Annotated[float | None, typer.Option(help="Microseconds a batch.")] = None,
    min_speedup: Annotated[float | None, typer.Option(help="How many times as fast as --against.")] = None,
    max_memory_mb: Annotated[float | None, typer.Option(help="Peak memory of a process that runs it alone.")] = None,
    max_size_mb: Annotated[float | None, typer.Option(help="The file and its external data.")] = None,
    data: Annotated[str | None, typer.Option(help="Examples with labels, for the gates on accuracy.")] = None,
    scale: ScaleOption = None,
    color: ColorFlag = False,
    resize: ResizeOption = None,
    limit: LimitOption = None,
    against: Annotated[Path | None, typer.Option(help="The baseline's bundle.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda. [default: the bundle's]")] = None,
    batch: Annotated[str | None, typer.Option(help="Batch sizes. [default: 1]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads within an operator. [default: 1]")] = None,
    spend: Annotated[float | None, typer.Option(help="Seconds to go on until all is decided. [default: 30]")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the findings as JUnit's XML.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the findings as Markdown.")] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Check a bundle here and now, and hold it against gates.

    A gate passes or fails where the whole interval is on one side of its bound. Exit 0: ship; 1: don't; 2: can't tell,
    or could not ask.
    """
    from harness.cli import arguments
    from harness.deploy import present
    from harness.deploy.question import Question
    from harness.deploy.validating import validate as validated
    from harness.spec import gates_of

    asked = {
        "min_accuracy": None if min_accuracy is None else arguments.fraction(min_accuracy, "--min-accuracy"),
        "max_accuracy_drop": (
            None if max_accuracy_drop is None else arguments.fraction(max_accuracy_drop, "--max-accuracy-drop")
        ),
        "max_latency_us": max_latency_us,
        "min_speedup": min_speedup,
        "max_memory_mb": max_memory_mb,
        "max_size_mb": max_size_mb,
        "device": device,
        "batch_sizes": None if batch is None else arguments.whole_numbers(batch, "--batch"),
        "threads": threads,
        "spend_s": spend,
    }
    wanted = gates_of(gates, {key: value for key, value in asked.items() if value is not None})
    question = Question(wanted, data, data_options(scale, color, resize, limit), against)
    for path in (junit, markdown):
        if path is not None:
            arguments.check_outside(path, bundle, against)
            arguments.check_writable(path, *([gates] if gates else []))
    found = validated(bundle, question, terminal(quiet))
    if junit is not None:
        arguments.write_text(junit, present.junit(found))
    if markdown is not None:
        arguments.write_text(markdown, present.markdown(found))
    if as_json:
        print_json({"decision": found.decision, **found.model_dump(mode="json")})
    else:
        print_lines(*present.lines(found))
    raise typer.Exit(found.exit_code)
