"""`harness doctor`: what this machine can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from harness.cli.options import JsonFlag, QuietFlag, StoreOption
from harness.cli.terminal import print_json, print_lines, terminal

if TYPE_CHECKING:
    from harness.doctor import Checkup


def doctor(
    store: StoreOption = ".harness",
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """Say what this machine can run; exit 1 if something is to be mended, 2 if nothing can be measured here."""
    from harness.doctor import State, examine

    found = examine(store, terminal(quiet))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_lines(*lines(found))
    raise typer.Exit({State.WRONG: 1, State.BROKEN: 2}.get(found.worst, 0))


def lines(found: Checkup) -> list[str]:
    """A line for each check: how it is, what was found, what to do; and what follows from all of them."""
    from harness.doctor import State

    told = []
    for check in found.checks:
        cure = f"; {check.cure}" if check.cure else ""
        told.append(f"{check.state.value:6} {check.subject}: {check.found}{cure}")
    summary = {
        State.WRONG: "something is to be mended: see the lines that say wrong",
        State.BROKEN: "nothing can be measured here: see the lines that say broken",
    }
    return [*told, summary.get(found.worst, f"nothing to mend; models run on {', '.join(found.devices)}")]
