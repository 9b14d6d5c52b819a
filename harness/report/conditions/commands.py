"""The commands that make things again."""

from __future__ import annotations

from harness.compare import Variant
from harness.compare.results import Results
from harness.report.commands import commands_of
from harness.report.conditions.reproduce import run_command


def making(results: Results, variant: Variant) -> tuple[str, str]:
    """What a command does, and the command that makes a variant: of a file `harness prune`, else the run itself."""
    command = commands_of(results).get((variant.network, variant.label))
    return ("Make it, with the rest of the run", run_command(results)) if command is None else ("Make it", command)
