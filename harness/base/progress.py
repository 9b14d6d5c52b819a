"""How stages tell what they are doing, without printing: the command line passes something that draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


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


class Silent:
    """Shows nothing."""

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Silent]:
        """A task that nobody sees."""
        yield self

    def advance(self, steps: float = 1, note: str = "") -> None:
        """Nothing."""
