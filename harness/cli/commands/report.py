"""`harness report`: a run's report, written again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import JsonFlag
from harness.cli.terminal import print_json, print_lines


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or its results.json.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Another folder for the report.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a run's report again, from its results alone."""
    from harness import report as reporting
    from harness.base import garbage
    from harness.compare.results import RESULTS_FILE, read_results

    file = run / RESULTS_FILE if run.is_dir() else run
    with garbage.left():
        written = reporting.write(read_results(run), output or file.parent)
        if output is None:
            reporting.keep_table(file, written.answers)
    if as_json:
        print_json(reporting.told_as_json(written.answers, written.findings) | {"report": str(written.html)})
        return
    print_lines(*written.summary, f"Report: {written.html}")
