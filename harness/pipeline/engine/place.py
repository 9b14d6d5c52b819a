"""What `--on` says: where a study's work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import SpecError
from harness.base.progress import Progress
from harness.pipeline.engine.engine import Engine, Here, Site
from harness.pipeline.engine.workers import Workers

PLACES = "'workers', 'workers:4' or 'here'"


@dataclass(frozen=True)
class Place:
    """So many worker processes of this machine; this process, where it is none."""

    workers: int


def read_place(text: str) -> Place:
    """The place that is named: `workers`, `workers:4` or `here`.

    Raises:
        SpecError: there is no such place.
    """
    kind, colon, count = text.partition(":")
    if text == "here":
        return Place(0)
    if kind != "workers" or not (count.isdecimal() if colon else True):
        raise SpecError(f"--on {text}: no such place; give {PLACES}")
    if colon and int(count) == 0:
        raise SpecError(f"--on {text}: give at least one worker, or 'here' for none")
    return Place(int(count) if colon else 1)


@contextmanager
def opened(place: Place, site: Site, folder: Path, progress: Progress, prepare: Callable[[], None]) -> Iterator[Engine]:
    """The engine of a place, as long as the block runs: `folder` is for its files, `prepare` fills it with the data."""
    if not place.workers:
        yield Here()
        return
    engine = Workers(site, folder, progress, place.workers, prepare)
    try:
        yield engine
    finally:
        engine.stop()
