"""Memory that Python's collector need not look through."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left() -> Iterator[None]:
    """No search for garbage in the block: for one that makes very many objects, and throws few away."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
