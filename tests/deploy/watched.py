"""Whether anything in a folder was opened, read, written or made meanwhile, by any process: Linux's inotify."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_ANYTHING = 0x00000FFF  # accessed, modified, opened, created, moved, removed ...
HEADER_BYTES = 16


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """The names of what was touched in a folder while the block ran, filled in at its end."""
    library = ctypes.CDLL(None, use_errno=True)
    handle = library.inotify_init1(os.O_NONBLOCK)
    if handle < 0 or library.inotify_add_watch(handle, os.fsencode(folder), IN_ANYTHING) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    touched: list[str] = []
    try:
        yield touched
        try:
            events = os.read(handle, 1 << 16)
        except BlockingIOError:
            return
        while events:
            length = int.from_bytes(events[12:HEADER_BYTES], "little")
            touched.append(events[HEADER_BYTES : HEADER_BYTES + length].rstrip(b"\0").decode() or ".")
            events = events[HEADER_BYTES + length :]
    finally:
        os.close(handle)
