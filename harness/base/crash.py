"""A process whose native code may crash: what it was doing is told, and what it left half-made is removed.

A layer can kill the whole process (TensorFlow dies of SIGFPE in some poolings on some CPUs), and no `except` sees that.
So the command line forks before anything is imported. The child does the work and notes in shared memory what it is
doing and which files are not whole yet; the parent waits, and after a crash says the one and removes the other. The
processes that do a study's work note the same for the one that started them.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

    Memory = mmap.mmap | ctypes.Array[ctypes.c_char]

NOTE_BYTES = 1 << 16
INTERRUPTED = 130
INTERRUPTED_LINE = "harness: interrupted; nothing is half-written, and `harness run` goes on where it stopped"
SENT_BY_TERMINAL = 0x80  # SI_KERNEL: the whole foreground group has got the signal, the child too
ASKED_TO_END = {signal.SIGINT, signal.SIGTERM}
PASSED_ON = ASKED_TO_END | ({signal.SIGHUP, signal.SIGQUIT} if os.name == "posix" else set())


class Note:
    """What this process is doing, and which files are not whole yet. Where nobody supervises, nobody reads it.

    `deepest` are the steps at the last time that one began: where it was when an error came up from there.
    """

    def __init__(self) -> None:
        self.memory: Memory | None = None
        self.steps: list[str] = []
        self.deepest: list[str] = []
        self.unfinished: list[str] = []

    @contextmanager
    def holding(self, kind: list[str], text: str) -> Iterator[None]:
        """Keep a line of one kind in the note for as long as the block runs; threads may hold lines side by side."""
        kind.append(text)
        self.deepest = list(self.steps) if kind is self.steps else self.deepest
        self._write()
        try:
            yield
        finally:
            del kind[len(kind) - 1 - kind[::-1].index(text)]
            self._write()

    def _write(self) -> None:
        if self.memory is not None:
            text = json.dumps([self.steps, self.unfinished]).encode()
            if len(text) < NOTE_BYTES:
                self.memory[: len(text) + 1] = text + b"\0"


_note = Note()


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step of the work, which is named where the process dies in it."""
    with _note.holding(_note.steps, name):
        yield


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A file or folder that is gone after the block unless it was renamed, also where the process dies in it."""
    with _note.holding(_note.unfinished, str(path.absolute())):
        try:
            yield path
        finally:
            _remove(path)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what is needed no longer than the block, also where the process dies in it."""
    with unfinished(Path(tempfile.mkdtemp(prefix="harness-"))) as folder:
        yield folder


def note_into(memory: Memory) -> None:
    """From now on this process notes in `memory`, for the process that started it, what it is doing."""
    _note.memory = memory


def deepest() -> list[str]:
    """The steps that this process was in when the last of them began."""
    return _note.deepest


def left_by(memory: Memory) -> list[str]:
    """The steps that a dead process was in, by its last note; what it had not finished is removed."""
    steps, paths = _read(memory)
    for path in paths:
        _remove(Path(path))
    return steps


def end_now() -> None:
    """End this process at once, whatever it is doing, and leave nothing half-made.

    Its other threads run on meanwhile: so that they put nothing more into a folder, it first gets another name.
    """
    for path in map(Path, list(_note.unfinished)):
        with suppress(OSError):  # it isn't there, or may not be removed
            _remove(path.rename(path.with_name(f"{path.name}.{os.getpid()}")))
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def supervised(command: Callable[[], None]) -> None:
    """Run `command` in a child process, and end as it ends; where native code kills it, with one line and exit code 2.

    Where the system can't wait for signals (it is no Linux), `command` runs in this process.
    """
    if not hasattr(signal, "sigwaitinfo"):
        command()
        return
    memory = mmap.mmap(-1, NOTE_BYTES)
    reading, writing = os.pipe()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON | {signal.SIGCHLD})
    child = os.fork()
    if child:
        os.close(reading)
        _end(_wait(child), memory)
    os.close(writing)
    note_into(memory)
    threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)  # now, so that the thread takes no signal from the command
    command()


def ended(code: int) -> str:
    """How a process ended, by its exit code or the negative of its signal: `was killed by SIGFPE`."""
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name
    return f"was killed by {name}" + (", most likely out of memory" if name == "SIGKILL" else "")


def where(steps: list[str]) -> str:
    """In which step that was: `at 'prune / fine-tune'`."""
    return f"at '{' / '.join(steps)}'" if steps else "before its first step"


def cure(code: int) -> str:
    """What to do about a process that ended so."""
    if -code == getattr(signal, "SIGKILL", None):
        return "give it more memory, or a smaller network or batch"
    if code >= 0:
        return "something that it ran, such as a layer's own code, ended it: leave layers out until it runs"
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "0") != "0"
    other = "set TF_ENABLE_ONEDNN_OPTS=0, or " if onednn else ""
    return f"native code under one of the network's layers crashed: {other}leave layers out until it runs"


def _end_with_parent(reading: int) -> None:
    """Wait until the other end of the pipe is closed, which the parent's death does, and die of it too."""
    os.read(reading, 1)
    end_now()


def _wait(child: int) -> int:
    """Pass signals on until the child has ended: its exit code, or the negative of the signal it died of."""
    while True:
        told = signal.sigwaitinfo(PASSED_ON | {signal.SIGCHLD})
        if told.si_signo != signal.SIGCHLD:
            if told.si_code != SENT_BY_TERMINAL:
                os.kill(child, told.si_signo)
            continue
        pid, status = os.waitpid(child, os.WNOHANG)  # it may only have been stopped
        if pid:
            return os.waitstatus_to_exitcode(status)


def _end(code: int, memory: mmap.mmap) -> None:
    """End this process as the child ended."""
    if code >= 0:
        sys.exit(code)
    steps = left_by(memory)
    if -code in PASSED_ON:
        signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
        os.kill(os.getpid(), -code)
    sys.stderr.write(f"harness: the process {ended(code)} {where(steps)}; nothing is half-written; {cure(code)}\n")
    sys.exit(2)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _read(memory: Memory) -> tuple[list[str], list[str]]:
    """The child's last note; empty where it left none, or died while it wrote it."""
    try:
        steps, paths = json.loads(bytes(memory).partition(b"\0")[0])
    except ValueError:
        return [], []
    return steps, paths
