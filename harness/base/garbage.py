"""Memory that Python's collector need not look through."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def left() -> Iterator[None]:
    """No search for garbage in the block: for one that makes very many objects, and throws few away.

    Nor when the process ends, and all goes with it.
    """
    _left_at_the_end()
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@cache
def _left_at_the_end() -> None:
    atexit.register(gc.freeze)


class _Process:
    is_own = False


def own_process() -> None:
    """Say that this process does our work alone, so that what it imports may be left out of every search."""
    _Process.is_own = True


def leave_what_is_imported() -> None:
    """Search no more through what is there now, in a process of our own; elsewhere it may be a user's to throw away.

    Keras has each search made whenever its state is cleared, and with TensorFlow there are 400,000 objects to look at.
    """
    if _Process.is_own:
        gc.collect()
        gc.freeze()
