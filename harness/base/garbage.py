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
