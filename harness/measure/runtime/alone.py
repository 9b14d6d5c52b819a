"""One measurement at a time on a machine: what times files has no other of ours beside it.

It is a lock on a file, which the operating system takes back when a process dies, so that none is ever left behind.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from harness.base.errors import MeasureError
from harness.base.progress import Progress, Silent

FOLDER = "HARNESS_LOCKS"  # the environment's word for another folder
NAME = "harness-measuring.lock"
EVERYBODY = 0o666  # whoever measures here, not one user alone
LONGEST_S = 3600.0
POLL_S = 0.1
MOST_LETTERS = 60
GOES_ON = "another measurement"


@contextmanager
def alone(progress: Progress | None = None) -> Iterator[None]:
    """While the block runs, no other measurement of ours does on this machine; one that does is waited for.

    Where there can be no lock, it goes on and says so.

    Raises:
        MeasureError: another went on for an hour.
    """
    shown, path = progress or Silent(), _folder() / NAME
    lock = FileLock(path, mode=EVERYBODY)
    with ExitStack() as held:
        try:
            _take(lock, path, shown)
        except Timeout:
            raise MeasureError(
                f"{GOES_ON} has gone on here for more than an hour{_holder(path)}; end it, or run this again when it "
                "has ended"
            ) from None
        except (OSError, NotImplementedError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            shown.line(f"measures without looking whether others do: {path}: {reason}", lasting=True)
        else:
            held.callback(lock.release)
            _write(path, json.dumps({"pid": os.getpid(), "since_s": time.time(), "what": _command()}))
            held.callback(_write, path, "")
        yield


def _take(lock: FileLock, path: Path, progress: Progress) -> None:
    """Take the lock, at once or after whoever has it, of whom a line tells."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.line(f"waits for its turn: {GOES_ON} goes on here{_holder(path)}", lasting=True)
        lock.acquire(timeout=LONGEST_S, poll_interval=POLL_S)


def _folder() -> Path:
    """Where every process of a machine looks: not TMPDIR, of which each job may have its own."""
    given = os.environ.get(FOLDER)
    if given:
        return Path(given)
    return Path("/tmp") if os.name == "posix" else Path(tempfile.gettempdir())


def _write(path: Path, text: str) -> None:
    """Say in the file who has it. It is there, and may be another user's: it is not made anew."""
    with suppress(OSError), path.open("r+", encoding="utf-8") as file:
        file.write(text)
        file.truncate()


def _holder(path: Path) -> str:
    """Who measures, as far as that was said: `: process 4242 (harness run small.toml), since 13:05:12`."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pid, since, what = int(told["pid"]), datetime.fromtimestamp(float(told["since_s"])), str(told["what"])
    except (OSError, ValueError, LookupError, TypeError, OverflowError):
        return ""
    seen = "".join(letter if letter.isprintable() else "?" for letter in what[:MOST_LETTERS])
    return f": process {pid} ({seen}), since {since:%H:%M:%S}"


def _command() -> str:
    """How this process was started, as it would be typed; that of a worker is its driver's."""
    program = Path(sys.argv[0] or "python")
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join([name, *sys.argv[1:]])
