"""What runs in a worker process: it stays warm, does one job after another, and never outlives who started it."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base import garbage
from harness.base.crash import deepest, end_now, note_into, where
from harness.base.errors import HarnessError, LostError, first_line
from harness.base.progress import Noted
from harness.pipeline.engine.engine import FailedError, Job
from harness.pipeline.engine.telling import Message, Sent, SentLog

if TYPE_CHECKING:
    from harness.base.crash import Memory


def serve(connection: Connection, note: Memory, output: str, folder: str) -> None:
    """Do jobs, in `folder`, until there are no more or who started this process is gone.

    `note` is where it says what it is doing, `output` the file for what libraries print: stdout is for answers.
    """
    _settle(note, output)
    os.chdir(folder)
    lock = threading.Lock()

    def send(message: Message) -> None:
        with lock:
            connection.send(message)

    logger = logging.getLogger("harness")
    logger.addHandler(SentLog(send))
    logger.propagate = False
    do = connection.recv().open(Noted(Sent(send)))
    send(Message("done", number=_resident_bytes()))
    with contextlib.suppress(EOFError):
        while True:
            send(_answer(do, connection.recv()))


def _settle(note: Memory, output: str) -> None:
    """Leave signals for all to who started this process, and die with it; where memory runs out, be the first to go.

    Who ends a whole group of processes, as a terminal, `timeout` and Ray do, would not let this one remove what is
    half-made, so it is in a group of its own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(file, stream)
    note_into(note)
    garbage.own_process()
    threading.Thread(target=_end_with_starter, daemon=True).start()
    with contextlib.suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text("500")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _end_with_starter() -> None:
    starter = multiprocessing.parent_process()
    if starter is not None:
        wait([starter.sentinel])
        end_now()


def _answer(do: Callable[[Job], Any], job: Job) -> Message:
    """What a job gives, or why it failed; and how much memory the process has then."""
    try:
        return Message("done", do(job), _resident_bytes())
    except HarnessError as error:
        return Message("failed", (type(error)(str(error)), ""), _resident_bytes())
    except MemoryError as error:
        line = f"it ran out of memory {where(deepest())} ({first_line(error)})"
        return Message("lost", LostError(f"{line}; give it more memory, or a smaller network or batch"))
    except Exception as error:
        line = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
        return Message("failed", (FailedError(line), traceback.format_exc()), _resident_bytes())


def _resident_bytes() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)
