"""Work for worker processes that needs neither Keras nor a study, and ways to die of it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.crash import step, unfinished
from harness.base.errors import PruneError
from harness.base.progress import Progress
from harness.pipeline.engine.engine import Job

DEATHS = {  # how a job dies, and what is said of it
    "SIGFPE": "its process was killed by SIGFPE at 'prune / fine-tune'; native code under one of the network's",
    "SIGSEGV": "its process was killed by SIGSEGV at 'prune / fine-tune'; native code",
    "SIGKILL": "was killed by SIGKILL, most likely out of memory at 'prune / fine-tune'; give it more memory",
    "exit": "its process ended with exit code 3 at 'prune / fine-tune'; something that it ran",
    "abort": "was killed by SIGABRT at 'prune / fine-tune': terminate called after throwing an instance of 'std",
    "memory": "it ran out of memory at 'prune / fine-tune' (MemoryError); give it more memory, or a smaller",
}

LIMIT_BYTES = 64 << 20


def die(how: str) -> None:
    """Die as native code would: of a signal, by `_exit`, by an abort that says why, or of too little memory."""
    if how == "exit":
        os._exit(3)
    if how == "abort":
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()
    if how == "memory":
        out_of_memory()
    os.kill(os.getpid(), signal.Signals[how])
    time.sleep(60)


def out_of_memory() -> None:
    """Ask for more than this process may have."""
    import resource

    has = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (has + LIMIT_BYTES, -1))
    try:
        bytearray(4 * LIMIT_BYTES)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))


@dataclass(frozen=True)
class Place:
    """A site whose jobs are methods of `Desk`; `broken` ones can't be opened."""

    broken: bool = False
    on_gpu: frozenset[str] = frozenset()

    def open(self, progress: Progress) -> Callable[[Job], Any]:
        if self.broken:
            raise ModuleNotFoundError("No module named 'tensorflew'")
        desk = Desk(progress)
        return lambda job: getattr(desk, job.name)(*job.arguments)


class Desk:
    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.ballast = b""

    def pid(self) -> int:
        sys.stdout.write("a library prints\n")
        return os.getpid()

    def grow(self, megabytes: int) -> int:
        self.ballast += os.urandom(1 << 20) * megabytes
        return os.getpid()

    def die_in(self, how: str, half_made: Path) -> None:
        with step("prune"), self.progress.task("fine-tune"), unfinished(half_made):
            half_made.mkdir()
            die(how)

    def wait_in(self, folder: Path) -> None:
        """Say where it waits, then wait for as long as the test lasts."""
        with unfinished(folder / "half") as half:
            half.mkdir()
            (folder / "waits").write_text(str(os.getpid()))
            time.sleep(300)

    def work(self) -> None:
        with self.progress.task("outer", total=2) as outer:
            with self.progress.task("inner") as inner:
                inner.advance(note="deep")
            outer.advance(2, "half")
        self.progress.line("a line", lasting=True)
        logging.getLogger("harness").warning("damaged; %s", "made again")

    def refuse(self) -> None:
        raise PruneError("nothing can be pruned")

    def fail(self) -> None:
        raise KeyError("first\nsecond")

    def main_module(self) -> str:
        return str(sys.modules["__main__"].__spec__)

    def setting(self, name: str) -> str | None:
        return os.environ.get(name)

    def imported(self, name: str) -> bool:
        return name in sys.modules

    def kill_starter(self) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)

    def meet(self, folder: Path, name: str, other: str) -> None:
        """Be in until another has been in at the same time."""
        with _inside(folder, name):
            (folder / f"{name} came").touch()
            until = time.monotonic() + 60
            while not (folder / f"{other} came").exists() and time.monotonic() < until:
                time.sleep(0.01)
            assert (folder / f"{other} came").exists()
            time.sleep(0.2)

    def widths(self, folder: Path) -> list[str]:
        """Who is in while this measures."""
        seen = _who(folder)
        with _inside(folder, f"widths {os.getpid()}"):
            time.sleep(0.2)
        return sorted(seen | _who(folder))


@contextmanager
def _inside(folder: Path, name: str) -> Iterator[None]:
    here = folder / f"{name} is in"
    here.touch()
    try:
        yield
    finally:
        here.unlink()


def _who(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("* is in")}
