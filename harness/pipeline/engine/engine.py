"""What the stages ask for: a job, done somewhere. Whoever does it finds what it was made from in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from harness.base.errors import DeviceError, EngineError, StoreError
from harness.base.progress import Progress
from harness.base.shapes import Sizes

T = TypeVar("T")

FATAL = (StoreError, DeviceError, EngineError)  # what ends a run, since every other row would meet it too


@dataclass(frozen=True)
class Job:
    """A piece of a study's work: a method of its stages, what that is given, and the shape of the case's examples.

    `key` is that of the artifact that it makes; of a job that makes none, what tells it from others.
    """

    name: str
    arguments: tuple[Any, ...]
    shape: Sizes = ()
    key: str = ""

    @property
    def of(self) -> str:
        """The name of the case that it is about."""
        return str(getattr(self.arguments[0], "name", "")) if self.arguments else ""


class Site(Protocol):
    """All that a process has to be told to do a study's jobs. It is pickled."""

    @property
    def on_gpu(self) -> frozenset[str]:
        """The jobs that compute on a GPU, where there is one."""
        ...

    def open(self, progress: Progress) -> Callable[[Job], Any]:
        """Made ready in the process that does the jobs: what does one."""
        ...


class Engine(Protocol):
    """Somewhere to do jobs: as many cases side by side as `at_once` says."""

    @property
    def at_once(self) -> int:
        """How many cases it works on side by side."""
        ...

    @property
    def shares_disk(self) -> bool:
        """Whether what it makes is on this disk at once; else it comes through the store."""
        ...

    def do(self, job: Job, here: Callable[[], T]) -> T:
        """What the job gives: what `here` would return in this process.

        Raises:
            LostError: the process that did it died.
            EngineError: there is nobody to do it.
        """
        ...

    def stop(self) -> None:
        """End at once what is being done."""


class Here:
    """The process itself: whatever kills it ends the run."""

    at_once = 1
    shares_disk = True

    def do(self, job: Job, here: Callable[[], T]) -> T:
        """Do it."""
        return here()

    def stop(self) -> None:
        """Nothing is being done when this is called."""


class FailedError(Exception):
    """What was raised in another process, as `ValueError: its first line`; its traceback is told by the cause."""


class StoppedError(BaseException):
    """The run is being stopped. No row takes this for its own failure."""
