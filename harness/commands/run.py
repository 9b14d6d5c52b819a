"""`harness run`: a study from training to report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import JsonFlag, QuietFlag
from harness.terminal import print_json, print_lines, print_message, terminal


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    study: Annotated[Path, typer.Argument(help="The study, a TOML file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the runs.")] = Path("runs"),
    store: Annotated[Path, typer.Option(help="Folder for finished stages, kept between runs.")] = Path(".harness"),
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; overrides the study's.")] = None,
    data: Annotated[str | None, typer.Option(help="The study on other data, as a run of its own.")] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Train, prune, export, measure and report a study."""
    from harness.pipeline import run_study
    from harness.spec import MeasureSpec, checked, read_study

    asked = read_study(study)
    if data is not None:
        asked = asked.on(data)
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
