"""How far a study is: rows done, failed and left, and when it will end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from harness.base.progress import Progress, Silent, Task
from harness.records import Row

Kind = tuple[str, str]  # a network and how it is varied: its seeds take about as long


class Tally:
    """Counts the rows of a study as they come in, from any thread, and tells `progress`, a line each.

    `task` is the study's. What is left is expected to take as long as the same variant did with another seed, or else
    as the rows that were made so far, `at_once` of them side by side, and `after_s` seconds in the end. `now` says what
    time it is.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        progress: Progress | None = None,
        task: Task | None = None,
        *,
        at_once: int = 1,
        after_s: float = 0.0,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._progress, self._task = progress or Silent(), task or Silent()
        self._at_once, self._after_s, self._now = at_once, after_s, now
        self._left = Counter(_kind(row) for row in rows)
        self._total = self._left.total()
        self._times = Times(self._left)
        self._lock = threading.Lock()
        self.done = 0
        self.failed = 0

    @property
    def left(self) -> int:
        """How many rows are still to come."""
        return self._total - self.done - self.failed

    def count(self, row: Row, seconds: float) -> None:
        """A row has come in; making what was missing of it took so many seconds, none where all was there."""
        with self._lock:
            self._times.count(_kind(row), seconds if row.error is None else 0.0)
            self.done += row.error is None
            self.failed += row.error is not None
            standing = self.standing()
            self._task.advance(note=standing)
            how = f"failed: {row.error}" if row.error else f"{seconds:.1f} s" if seconds else "as it was"
            place = f"[{self.done + self.failed}/{self._total}]"
            self._progress.line(f"{place} {row.name}: {how} ({standing})", lasting=row.error is not None)

    def standing(self) -> str:
        """Where the study stands: `12 done, 1 failed, 41 left, until about 14:05`."""
        failed = f", {self.failed} failed" if self.failed else ""
        expected = self.expected_s() if self.left else None
        until = "" if expected is None else f", until about {self._clock(expected)}"
        return f"{self.done} done{failed}, {self.left} left{until}"

    def expected_s(self) -> float | None:
        """How many seconds it will still take; None before the first row that was made."""
        rows = self._times.expected_s()
        return None if rows is None else rows / self._at_once + self._after_s

    def _clock(self, seconds: float) -> str:
        now = self._now()
        then = now + timedelta(seconds=seconds)
        return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%d %b %H:%M}"


class Times:
    """What rows took, by their kind, and from that what those will take that `left` counts; in steps of one row."""

    def __init__(self, left: Counter[Kind]) -> None:
        self._left = left
        self._made: dict[Kind, tuple[float, int]] = {}  # seconds and rows
        self._all = (0.0, 0)
        self._known_s, self._unknown = 0.0, left.total()

    def count(self, kind: Kind, seconds: float) -> None:
        """One of a kind is no longer left; where it was made, that took so many seconds."""
        known_s, unknown = self._share(kind)
        self._left[kind] -= 1
        if seconds:
            total_s, rows = self._made.get(kind, (0.0, 0))
            self._made[kind] = total_s + seconds, rows + 1
            self._all = self._all[0] + seconds, self._all[1] + 1
        new_s, still = self._share(kind)
        self._known_s += new_s - known_s
        self._unknown += still - unknown

    def expected_s(self) -> float | None:
        """How many seconds all that is left will take, one after another; None before one was made."""
        total_s, rows = self._all
        return None if not rows else max(0.0, self._known_s + self._unknown * total_s / rows)

    def _share(self, kind: Kind) -> tuple[float, int]:
        """What is left of a kind: in seconds where one was made, else in rows."""
        left = self._left[kind]
        if kind not in self._made:
            return 0.0, left
        total_s, rows = self._made[kind]
        return left * total_s / rows, 0


class Stopwatch:
    """Adds up the seconds that the making of one row takes."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """So many more."""
        self.seconds += seconds

    def taken(self) -> float:
        """What came together since this was asked last."""
        taken, self.seconds = self.seconds, 0.0
        return taken


def _kind(row: Row) -> Kind:
    return row.case.network, row.variant
