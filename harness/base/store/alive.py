"""Who uses a place now: a small file for each run, and whether its process still lives."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from harness.base.errors import StoreError
from harness.base.store.place import Place

RUNS = ".runs"
BEAT_S = 60.0  # between one sign of life and the next
QUIET_S = 900.0  # of a process on another machine, until it counts as dead


@dataclass(frozen=True)
class User:
    """A run that uses a store: its study, and where its process is."""

    study: str
    host: str
    pid: int


@contextmanager
def using(place: Place, study: str) -> Iterator[None]:
    """While the block runs, others can see that this process uses the place."""
    name = f"{RUNS}/{uuid.uuid4().hex}.json"
    about = json.dumps({"study": study, "host": socket.gethostname(), "pid": os.getpid()}).encode()
    place.write(name, about)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_S):
            with suppress(StoreError):  # the next one may get through
                place.write(name, about)

    thread = threading.Thread(target=beat, name="sign of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(1)
        with suppress(StoreError):  # what the block says matters more
            place.remove([name])


def users(place: Place, now_s: float | None = None) -> list[User]:
    """Who uses the place now, as far as it can be told: processes here that live, and others that gave a sign lately.

    A clock that was moved, here or there, makes no run look dead that isn't: a sign from the future counts as one.
    """
    now = time.time() if now_s is None else now_s
    found = []
    for entry in place.entries(RUNS):
        try:
            user = User(**json.loads(place.read(entry.name) or b""))
        except (ValueError, TypeError):  # it has just ended, or is a probe
            continue
        if is_alive(user.host, user.pid, now - entry.written_s, QUIET_S):
            found.append(user)
    return found


def is_alive(host: str, pid: int, quiet_s: float, most_quiet_s: float) -> bool:
    """Whether a process lives: on this machine that is known, elsewhere it gave a sign lately."""
    if host != socket.gethostname():
        return quiet_s < most_quiet_s
    import psutil

    return bool(psutil.pid_exists(pid))
