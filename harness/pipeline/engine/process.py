"""A worker process as the one that started it sees it: asked, listened to, and where it died, told how and in what."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_char
from pathlib import Path
from typing import Any

from harness.base.crash import NOTE_BYTES, cure, ended, left_by, where
from harness.base.errors import EngineError, LostError
from harness.base.progress import Progress, Silent
from harness.pipeline.engine.engine import Job, Site
from harness.pipeline.engine.serving import serve
from harness.pipeline.engine.telling import Message, Shown, given

LONGEST_LINE = 200
_fresh = multiprocessing.get_context("spawn")  # a fork would share threads and a GPU's context, and die of either


class _DeadError(Exception):
    """The process says no more."""


class Worker:
    """A process that does jobs, one at a time; what its libraries print goes to the file `output`.

    Raises:
        EngineError: it died before it was ready.
    """

    def __init__(self, site: Site, output: Path) -> None:
        output.touch()
        self._output, self._heard = output, 0
        self._note = _fresh.RawArray(c_char, NOTE_BYTES)
        self._connection, theirs = _fresh.Pipe()
        given = (theirs, self._note, str(output), os.getcwd())
        self._process = _fresh.Process(target=serve, args=given, daemon=True)
        with _uninterrupted():
            self._process.start()
        theirs.close()
        self._sizes: list[int] = []
        try:
            self._told(site, Silent())
        except _DeadError:
            how = f"it {ended(self._code())}{self._last_words()}"
            raise EngineError(f"a worker process can't be started: {how}; mend that, or give --on here") from None

    def ask(self, job: Job, progress: Progress) -> Any:
        """What a job gives; meanwhile `progress` shows what the process says of it.

        Raises:
            LostError: the process died, or ran out of memory; it can be asked no more.
            HarnessError, FailedError: what was raised in it.
        """
        self._heard = self._output.stat().st_size
        try:
            answer = self._told(job, progress)
        except _DeadError:
            code, steps = self._code(), left_by(self._note)
            how = f"{ended(code)} {where(steps)}{self._last_words()}"
            raise LostError(f"its process {how}; {cure(code)}") from None
        if answer.kind == "lost":
            self.end()
            raise answer.value
        return given(answer)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.is_alive()

    @property
    def growth_bytes(self) -> int:
        """By how much its memory has grown since its first job was done."""
        return self._sizes[-1] - self._sizes[1] if len(self._sizes) > 1 else 0

    def end(self) -> None:
        """Kill it, whatever it is doing, and remove what it left half-made."""
        self._process.kill()
        self._code()
        left_by(self._note)

    def _told(self, what: Site | Job, progress: Progress) -> Message:
        """Send it something, and show what it says until it answers."""
        with suppress(OSError):  # it died: its missing answer tells
            self._connection.send(what)
        with Shown(progress, what.of if isinstance(what, Job) else "") as shown:
            while True:
                message = self._next()
                if message.kind in ("done", "failed", "lost"):
                    self._sizes[2:] = []
                    self._sizes.append(int(message.number or 0))
                    return message
                shown.show(message)

    def _next(self) -> Message:
        try:
            message: Message = self._connection.recv()
        except (EOFError, OSError):
            raise _DeadError from None
        return message

    def _code(self) -> int:
        """Its exit code, or the negative of the signal it died of."""
        self._process.join()
        return self._process.exitcode or 0

    def _last_words(self) -> str:
        """The last line that its libraries printed during the job, such as why they aborted."""
        with self._output.open("rb") as file:
            file.seek(self._heard)
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        return f": {lines[-1][:LONGEST_LINE]}" if lines else ""


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started meanwhile is not interrupted by Ctrl-C before it can leave that to this process."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
