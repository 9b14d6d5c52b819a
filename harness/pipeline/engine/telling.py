"""Progress across processes: what a worker shows, sent as messages, and shown by the process that started it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from harness.base.progress import Progress, Task

log = logging.getLogger("harness")
Send = Callable[["Message"], None]


@dataclass(frozen=True)
class Message:
    """What a worker says: `begin`, `advance` or `end` of a task, `line`, `log`, `done`, `failed` or `lost`."""

    kind: str
    value: Any = None
    number: float | None = None
    depth: int = 0


class _TracebackError(Exception):
    """Where something was raised in another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def given(answer: Message) -> Any:
    """What a worker gives; or what was raised in it is raised here."""
    if answer.kind == "done":
        return answer.value
    error, trace = answer.value
    raise error from (_TracebackError(trace) if trace else None)


class Sent:
    """Progress that is sent away."""

    def __init__(self, send: Send) -> None:
        self.send, self.depth = send, 0

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Task]:
        """A task that is shown elsewhere."""
        self.send(Message("begin", name, total))
        self.depth += 1
        try:
            yield SentTask(self.send, self.depth - 1)
        finally:
            self.depth -= 1
            self.send(Message("end"))

    def line(self, text: str, *, lasting: bool = False) -> None:
        """A line that is shown elsewhere."""
        self.send(Message("line", text, float(lasting)))


@dataclass(frozen=True)
class SentTask:
    """A task that is shown elsewhere; `depth` is in how many others it is."""

    send: Send
    depth: int

    def advance(self, steps: float = 1, note: str = "") -> None:
        """So much is done, said elsewhere."""
        self.send(Message("advance", note, steps, self.depth))


class SentLog(logging.Handler):
    """Sends warnings and worse, each with its traceback, to be logged elsewhere."""

    def __init__(self, send: Send) -> None:
        super().__init__(logging.WARNING)
        self.send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one."""
        self.send(Message("log", self.format(record), record.levelno))


class Shown:
    """Shows here what a worker sends, as long as the block lasts; its tasks with the name of what they are about."""

    def __init__(self, progress: Progress, of: str = "") -> None:
        self.progress, self.of = progress, of
        self.tasks: list[tuple[ExitStack, Task]] = []

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *error: object) -> None:
        while self.tasks:
            self.tasks.pop()[0].close()

    def show(self, message: Message) -> None:
        """Show what a message tells."""
        match message.kind:
            case "begin":
                stack, name = ExitStack(), f"{self.of}: {message.value}" if self.of else message.value
                self.tasks.append((stack, stack.enter_context(self.progress.task(name, message.number))))
            case "advance" if message.depth < len(self.tasks):
                self.tasks[message.depth][1].advance(message.number or 0, message.value)
            case "end" if self.tasks:
                self.tasks.pop()[0].close()
            case "line":
                self.progress.line(message.value, lasting=bool(message.number))
            case "log":
                log.log(int(message.number or logging.WARNING), "%s", message.value)
