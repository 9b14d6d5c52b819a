"""What `--on` says: where a study's work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import SpecError
from harness.base.progress import Progress
from harness.pipeline.engine.engine import Engine, Here, Site
from harness.pipeline.engine.ray_cluster import CLIENT, LOCAL, check, connected
from harness.pipeline.engine.ray_engine import RayEngine
from harness.pipeline.engine.workers import Workers

PLACES = "'workers', 'workers:4', 'here', 'ray', 'ray://HOST:PORT' or 'ray:HOST:PORT'"


@dataclass(frozen=True)
class Place:
    """So many worker processes of this machine; or Ray's nodes, at an address; or this process, where it is neither."""

    workers: int = 0
    ray: str = ""


@dataclass(frozen=True)
class Work:
    """What is to be done there, as it is told to processes of this machine, and to other machines.

    `prepare` fills a folder with what the former is of; `afar` makes the latter of it.
    """

    site: Site
    prepare: Callable[[], None]
    afar: Callable[[], Site]


def read_place(text: str) -> Place:
    """The place that is named: `workers`, `workers:4`, `here`, `ray`, `ray://HOST:PORT` or `ray:HOST:PORT`.

    Raises:
        SpecError: there is no such place.
    """
    kind, colon, rest = text.partition(":")
    if text == "here":
        return Place()
    if text == "ray":
        return Place(ray=LOCAL)
    if kind == "ray":
        host, _, port = rest.removeprefix("//").rpartition(":")
        if not host or not port.isdecimal():
            raise SpecError(f"--on {text}: names no host and port; give for example {CLIENT}HOST:10001")
        return Place(ray=text if text.startswith(CLIENT) else rest)
    if kind != "workers" or not (rest.isdecimal() if colon else True):
        raise SpecError(f"--on {text}: no such place; give {PLACES}")
    if colon and int(rest) == 0:
        raise SpecError(f"--on {text}: give at least one worker, or 'here' for none")
    return Place(int(rest) if colon else 1)


def answering(place: Place) -> Place:
    """The same place, after a look at whether there is somebody.

    Raises:
        EngineError: Ray isn't installed, or nobody answers at its address.
    """
    if place.ray:
        check(place.ray)
    return place


@contextmanager
def opened(place: Place, work: Work, folder: Path, progress: Progress) -> Iterator[Engine]:
    """The engine of a place, as long as the block runs; `folder` is for its files."""
    if place.ray:
        with connected(place.ray, folder) as nodes:
            work.prepare()
            local = place.ray == LOCAL
            site, beside = work.site if local else work.afar(), Workers(work.site, folder, progress)
            engine = RayEngine(nodes, site, beside, folder, progress, shares_disk=local)
            with _stopped(engine):
                yield engine
    elif place.workers:
        with _stopped(Workers(work.site, folder, progress, place.workers, work.prepare)) as workers:
            yield workers
    else:
        yield Here()


@contextmanager
def _stopped(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.stop()
