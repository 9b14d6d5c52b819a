"""`harness run` in which every stage invents what it makes, and takes a moment for it: a process to be killed."""

from __future__ import annotations

from functools import partial

from harness.base.crash import supervised
from tests.pipeline.planted import PlantedSite

PACE_S = 0.15


def command() -> None:
    """The command line; nothing is measured, since there is nothing to measure."""
    from harness.cli.app import main
    from harness.pipeline import run

    run.StudySite = partial(PlantedSite, pace_s=PACE_S)  # type: ignore[misc, assignment]
    run.measured = lambda *asked: iter(())  # type: ignore[assignment]
    main()


if __name__ == "__main__":
    supervised(command)
