"""`harness results`: what runs found, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from harness.base.errors import SpecError
from harness.cli.options import JsonFlag
from harness.cli.terminal import answers, print_bytes, print_json, print_lines


def results(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or their results.json.")],
    as_json: JsonFlag = False,
    table: Annotated[
        Literal["csv", "json", "parquet"] | None,
        typer.Option("--format", help="The variants of all runs as one table of data instead, a row each."),
    ] = None,
    mlflow: Annotated[
        str | None, typer.Option(help="Log them to the MLflow server at this address instead, a run each network.")
    ] = None,
) -> None:
    """Show each run's variants: accuracy, size, latency and speed-up."""
    if mlflow is not None:
        if table is not None:
            raise SpecError("--mlflow and --format are two answers; give one of them")
        _logged(runs, mlflow, as_json)
        return
    if table is not None:
        if as_json:
            raise SpecError("--json and --format are two answers; give one of them")
        from harness.compare.frame import results as framed
        from harness.compare.frame import write_table

        print_bytes(write_table(framed(runs), table))
        return
    from harness import report as reporting
    from harness.compare.results import read_results

    found = [read_results(run) for run in runs]
    if as_json:
        print_json([reporting.as_json(each) for each in found])
        return
    for each in found:
        answers.print(reporting.terminal_table(each))


def _logged(runs: list[Path], uri: str, as_json: bool) -> None:
    from harness.report.tracking import track

    found = [track(run, uri) for run in runs]
    if as_json:
        print_json([{"study": each.study, "logged": each.networks} for each in found])
        return
    for each in found:
        told = f"{each.networks} networks logged" if each.networks else "these results were logged already"
        print_lines(f"{each.study}: {told}")
