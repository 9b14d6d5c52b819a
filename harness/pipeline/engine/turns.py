"""Jobs side by side, but for those that must be alone: what is measured has nothing of ours beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Any number of threads at once, or one that is alone. Who waits to be alone is let in before who comes later."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._together = 0
        self._waiting = 0
        self._alone = False

    @contextmanager
    def taken(self, alone: bool) -> Iterator[None]:
        """Wait for a turn, and have it as long as the block runs."""
        with self._changed:
            self._wait(alone)
        try:
            yield
        finally:
            with self._changed:
                self._alone = self._alone and not alone
                self._together -= not alone
                self._changed.notify_all()

    def _wait(self, alone: bool) -> None:
        if not alone:
            self._changed.wait_for(lambda: not self._alone and not self._waiting)
            self._together += 1
            return
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: not self._alone and not self._together)
            self._alone = True
        finally:
            self._waiting -= 1
            self._changed.notify_all()
