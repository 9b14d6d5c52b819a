"""Running the worker process: one job in, one answer out, and never a process left behind."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from harness.measure.runtime.words import WORKER, plain

Message = dict[str, Any]
Lines = queue.Queue[str | None]


class WorkerFailedError(Exception):
    """A worker crashed, hung or ran out of memory. `at` is the last step it announced."""

    def __init__(self, reason: str, at: Message) -> None:
        super().__init__(reason)
        self.at = at


class Worker:
    """A process that has been given a job. Its stdin stays open, since the end of that tells it to end."""

    def __init__(self, job: Message, errors: IO[str]) -> None:
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
        self.errors, self.lines = errors, Lines()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.measure.runtime.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        with contextlib.suppress(BrokenPipeError):  # it died at once: its missing answer will tell why
            _pipe(self.process.stdin).write(json.dumps(job) + "\n")
            _pipe(self.process.stdin).flush()

    def _read(self) -> None:
        for line in _pipe(self.process.stdout):
            self.lines.put(line)
        self.lines.put(None)

    def answer(self, timeout_s: float) -> Message:
        """Wait for the answer; a worker that says nothing for `timeout_s` counts as failed.

        Raises:
            WorkerFailedError: it hung, or ended without an answer.
        """
        at: Message = {}
        while True:
            try:
                line = self._line(timeout_s)
            except queue.Empty:
                raise WorkerFailedError(f"{WORKER} hung: nothing for {timeout_s:g} s {_where(at)}", at) from None
            if line is None:
                raise WorkerFailedError(self._death(at), at)
            message = json.loads(line)
            if "done" in message:
                answer: Message = message["done"]
                return answer
            at = message

    def _line(self, timeout_s: float) -> str | None:
        """The next line. Half the time is waited twice: a machine that slept wakes up with the first half spent."""
        with contextlib.suppress(queue.Empty):
            return self.lines.get(timeout=timeout_s / 2)
        return self.lines.get(timeout=timeout_s / 2)

    def _death(self, at: Message) -> str:
        code = self.process.wait()
        self.errors.seek(0)
        said = [line.strip() for line in self.errors.read().splitlines() if line.strip()]
        last = f": {plain(said[-1])}" if said else ""
        if code < 0:
            name = signal.Signals(-code).name
            guess = ", most likely out of memory" if name == "SIGKILL" else ""
            return f"{WORKER} was killed by {name}{guess} {_where(at)}{last}"
        return f"{WORKER} ended with exit code {code} {_where(at)}{last}"

    def stop(self) -> None:
        """Kill the process if it still runs, and collect what is left of it."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):  # what was not yet written to a dead worker is not needed
                _pipe(stream).close()


@contextlib.contextmanager
def started_worker(job: Message) -> Iterator[Worker]:
    """A worker that is doing `job`, and is gone at the end whatever happens."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        worker = Worker(job, errors)
        try:
            yield worker
        finally:
            worker.stop()


def run_worker(job: Message, timeout_s: float) -> Message:
    """Run one job in a fresh process and return its answer.

    Raises:
        WorkerFailedError: the worker hung, or ended without an answer.
    """
    with started_worker(job) as worker:
        return worker.answer(timeout_s)


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise AssertionError("a worker's streams are pipes")
    return stream


def _where(at: Message) -> str:
    if not at:
        return "before its first step"
    batch = f", batch {at['batch']}" if "batch" in at else ""
    return f"at its {at['at']}{batch}"
