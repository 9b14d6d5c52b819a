"""`harness compare`: one run, or one measurement, against another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from harness.cli.options import JsonFlag
from harness.cli.terminal import answers, print_json, print_lines, print_list


def compare(
    before: Annotated[Path, typer.Argument(help="A run's folder, or a file from `harness measure --out`.")],
    after: Annotated[Path, typer.Argument(help="Another, measured under the same conditions.")],
    only: Annotated[str | None, typer.Option(help="Of two runs: speed or accuracy alone. [default: both]")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the answer as Markdown, for a pull request.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what got faster, slower, better or worse from one run to another; exit 1 if anything got worse."""
    from harness.base.errors import SpecError
    from harness.cli import arguments
    from harness.compare.between.changes import Only, changes_between
    from harness.report import changes as telling

    if only not in (None, "speed", "accuracy"):
        raise SpecError(f"--only {only}: is unknown; use speed or accuracy, or leave it out for both")
    if markdown is not None:
        arguments.check_writable(markdown, before, after)
    found = changes_between(before, after, cast("Only | None", only))
    if markdown is not None:
        arguments.write_text(markdown, telling.markdown(found))
    if as_json:
        print_json({**found.model_dump(mode="json"), "regressions": list(found.regressions)})
    else:
        for table in telling.terminal_tables(found):
            answers.print(table)
        print_lines(telling.headline(found))
        print_list(telling.notes(found))
    raise typer.Exit(1 if found.regressions else 0)
