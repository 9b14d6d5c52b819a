"""`harness compare`: one measurement against another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import JsonFlag
from harness.cli.terminal import answers, print_json


def compare(
    before: Annotated[Path, typer.Argument(help="A run's folder, or a file from `harness measure --out`.")],
    after: Annotated[Path, typer.Argument(help="Another, measured under the same conditions.")],
    as_json: JsonFlag = False,
) -> None:
    """Say which models got faster or slower from one measurement to another; exit 1 if one got slower or failed."""
    from harness.compare.across import changes
    from harness.compare.occasions import read_occasions
    from harness.measure.tables import changes_table

    found = changes(read_occasions(before), read_occasions(after))
    if as_json:
        print_json([change.model_dump(mode="json") for change in found])
    else:
        answers.print(changes_table(found))
    raise typer.Exit(1 if any(change.verdict in ("slower", "invalid") for change in found) else 0)
