"""How stages tell what they are doing, without printing: the command line passes something that draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.base.crash import step


class Task(Protocol):
    """One piece of work being done."""

    def advance(self, steps: float = 1, note: str = "") -> None:
        """So much of the total is done; `note` says where it stands."""


class Progress(Protocol):
    """Something that can show tasks."""

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Task]:
        """A task that lasts as long as the block; `total` is in the steps that it will advance by."""
        ...

    def line(self, text: str, *, lasting: bool = False) -> None:
        """A line for a log; where tasks are drawn instead, it is shown only if it is to stay."""


class Silent:
    """Shows nothing."""

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Silent]:
        """A task that nobody sees."""
        yield self

    def advance(self, steps: float = 1, note: str = "") -> None:
        """Nothing."""

    def line(self, text: str, *, lasting: bool = False) -> None:
        """Nothing."""


class Noted:
    """Progress that is also noted, for the case that the process dies."""

    def __init__(self, shown: Progress) -> None:
        self.shown = shown

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Task]:
        """The same, and a note of the step in case that native code crashes."""
        with step(name), self.shown.task(name, total) as task:
            yield task

    def line(self, text: str, *, lasting: bool = False) -> None:
        """The same."""
        self.shown.line(text, lasting=lasting)
