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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]
Lines = queue.Queue[str | None]


class WorkerFailedError(Exception):
    """A worker crashed, hung or ran out of memory. `at` is the last step it announced."""

    def __init__(self, reason: str, at: Message) -> None:
        super().__init__(reason)
        self.at = at


def run_worker(job: Message, timeout_s: float, total_s: float | None = None) -> Message:
    """Run one job in a fresh process and return its answer.

    A worker that says nothing for `timeout_s`, or is not done after `total_s`, is killed.

    Raises:
        WorkerFailedError: the worker ended without an answer, or was killed.
    """
    deadline = None if total_s is None else time.monotonic() + total_s
    at: Message = {}
    with _worker() as (process, lines, errors):
        _send(process, job)
        while True:
            wait = timeout_s if deadline is None else max(0.0, min(timeout_s, deadline - time.monotonic()))
            try:
                line = lines.get(timeout=wait)
            except queue.Empty:
                raise WorkerFailedError(f"the worker hung: nothing for {wait:.0f} s {_where(at)}", at) from None
            if line is None:
                raise WorkerFailedError(_death(process, errors, at), at)
            message = json.loads(line)
            if "done" in message:
                answer: Message = message["done"]
                return answer
            at = message


@contextlib.contextmanager
def _worker() -> Iterator[tuple[subprocess.Popen[str], Lines, IO[str]]]:
    """The process, killed and collected whatever happens; its lines as they come, then None; its stderr."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.runtime.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )
        lines: Lines = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
        try:
            reader.start()
            yield process, lines, errors
        finally:
            process.kill()
            process.wait()
            reader.join()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close(stream)


def _close(stream: IO[str]) -> None:
    with contextlib.suppress(BrokenPipeError):  # what was not yet written to a dead worker is not needed
        stream.close()


def _send(process: subprocess.Popen[str], job: Message) -> None:
    """Send the job; stdin stays open, since its end tells the worker to end."""
    if process.stdin is None:
        raise AssertionError("the worker's stdin is a pipe")
    with contextlib.suppress(BrokenPipeError):  # the worker died at once: its missing answer tells why
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()


def _read(process: subprocess.Popen[str], lines: Lines) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _death(process: subprocess.Popen[str], errors: IO[str], at: Message) -> str:
    code = process.wait()
    errors.seek(0)
    said = [line.strip() for line in errors.read().splitlines() if line.strip()]
    reason = f": {said[-1]}" if said else ""
    if code < 0:
        name = signal.Signals(-code).name
        guess = ", most likely out of memory" if name == "SIGKILL" else ""
        return f"the worker was killed by {name}{guess} {_where(at)}{reason}"
    return f"the worker ended with exit code {code} {_where(at)}{reason}"


def _where(at: Message) -> str:
    if not at:
        return "before its first step"
    batch = f", batch {at['batch']}" if "batch" in at else ""
    return f"at its {at['at']}{batch}"
