"""What the command line shows: answers on stdout, messages and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from rich.console import Console

from harness.base.progress import Noted, Progress, Silent, Task

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PIPED_WIDTH = 240  # a table that goes to a file or another program is not squeezed into a terminal's width
PLAIN_DEPTH = 2  # without a terminal, tasks within tasks within tasks are not told

answers = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
messages = Console(stderr=True, highlight=False)
_depth: ContextVar[int] = ContextVar("depth", default=0)  # of tasks within tasks; a thread starts with its starter's


class Bar:
    """A task as one line of a Rich progress display."""

    def __init__(self, bars: Bars, task_id: TaskID, name: str) -> None:
        self.bars, self.task_id, self.name = bars, task_id, name

    def advance(self, steps: float = 1, note: str = "") -> None:
        """Move the bar, and show the note beside its name."""
        self.bars.update(self.task_id, advance=steps, description=f"{self.name}  {note}" if note else self.name)


class Terminal:
    """Progress drawn on stderr while it is a terminal; plain lines, one a task, where it is not.

    Nested tasks share one display, which is there while any task is. Threads may show tasks within one that was there
    before them.
    """

    def __init__(self) -> None:
        self.bars: Bars | None = None

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Task]:
        """Show a task while the block runs: a bar, or one line where stderr is no terminal."""
        outer = _depth.set(_depth.get() + 1)
        try:
            with self._drawn(name, total) if messages.is_terminal else self._told(name) as task:
                yield task
        finally:
            _depth.reset(outer)
            if not _depth.get() and self.bars is not None:
                self.bars.stop()

    def line(self, text: str, *, lasting: bool = False) -> None:
        """Print a line on stderr; where that is a terminal, above what is drawn, and only one that is to stay."""
        if lasting or not messages.is_terminal:
            print_message(text)

    @contextmanager
    def _told(self, name: str) -> Iterator[Task]:
        if _depth.get() <= PLAIN_DEPTH:
            print_message(name)
        yield Silent()

    @contextmanager
    def _drawn(self, name: str, total: float | None) -> Iterator[Task]:
        bars = self.bars = self.bars or _bars()
        bars.start()
        task_id = bars.add_task(name, total=total)
        try:
            yield Bar(bars, task_id, name)
        finally:
            bars.remove_task(task_id)


def _bars() -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(*columns, console=messages, transient=True)


def terminal(quiet: bool) -> Progress:
    """Where a command shows what it is doing."""
    return Noted(Silent() if quiet else Terminal())


def print_json(value: Any) -> None:
    """Print an answer as JSON on stdout: nothing else goes there."""
    import json

    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def print_bytes(data: bytes) -> None:
    """Print an answer that is a file's bytes."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_lines(*lines: str) -> None:
    """Print an answer as lines, just as they are; in a terminal, long ones are broken between words."""
    for line in lines:
        answers.print(line, markup=False, emoji=False, highlight=False, soft_wrap=not answers.is_terminal)


def print_list(lines: Iterable[str]) -> None:
    """Print an answer as a list: broken between words in a terminal, one line each elsewhere."""
    import textwrap

    for line in lines:
        if answers.is_terminal:
            wrapper = textwrap.TextWrapper(answers.width, "- ", "  ", break_long_words=False, break_on_hyphens=False)
            print_lines(wrapper.fill(line))
        else:
            print_lines(f"- {line}")


def print_failures(errors: Mapping[str, str]) -> None:
    """What failed, by name, on stderr: a line for each reason."""
    for reason in dict.fromkeys(errors.values()):
        names = [name for name, error in errors.items() if error == reason]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print_message(f"{names[0]}{more}: {reason}")


def print_message(line: str) -> None:
    """Print a line on stderr, just as it is."""
    messages.print(line, markup=False, emoji=False, soft_wrap=True)
