"""`harness results`: what runs found, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import JsonFlag
from harness.cli.terminal import answers, print_json


def results(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or their results.json.")],
    as_json: JsonFlag = False,
) -> None:
    """Show each run's variants: accuracy, size, latency and speed-up."""
    from harness import report as reporting
    from harness.compare.results import read_results

    found = [read_results(run) for run in runs]
    if as_json:
        print_json([reporting.as_json(each) for each in found])
        return
    for each in found:
        answers.print(reporting.terminal_table(each))
