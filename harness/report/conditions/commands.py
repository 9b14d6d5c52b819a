"""The commands that make things again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.compare import Variant
from harness.compare.results import Results
from harness.report.commands import commands_of
from harness.report.conditions.reproduce import run_command


def shipping(results: Results, variant: Variant, bounds: Sequence[str] = ()) -> tuple[str, str]:
    """What a command does, and the command that takes a variant from its run and holds it to `bounds`, options each.

    Where nothing was exported, it is made. Of several trainings the first that counts is bundled: the best would be
    chosen by the test examples.
    """
    row = next(
        (
            row
            for row in results.rows
            if row.case.network == variant.network
            and row.variant == variant.label
            and row.case.seed in variant.counted
            and row.export is not None
        ),
        None,
    )
    if row is None:
        return making(results, variant)
    words = ("harness", "bundle", f"runs/{results.study}", row.name, "--output", "BUNDLE")
    bundle = " ".join(map(shlex.quote, words))
    validate = " ".join(("harness", "validate", "BUNDLE", *map(shlex.quote, bounds)))
    what = "where it runs it must beat what it replaces" if bounds else "check it where it will run"
    return f"Bundle it; {what}", f"{bundle} && {validate}"


def making(results: Results, variant: Variant) -> tuple[str, str]:
    """What a command does, and the command that makes a variant: of a file `harness prune`, else the run itself."""
    command = commands_of(results).get((variant.network, variant.label))
    return ("Make it, with the rest of the run", run_command(results)) if command is None else ("Make it", command)
