"""What a table is made of: columns, and rows of cells that HTML and Markdown both show."""

from __future__ import annotations

from dataclasses import dataclass

from harness.compare import Interval
from harness.report import format as fmt


@dataclass(frozen=True)
class Cell:
    """`text`, a quieter `note` such as an interval, and a `badge` such as a verdict; `value` is what it sorts by."""

    text: str
    note: str = ""
    badge: str = ""
    value: float | None = None

    @property
    def plain(self) -> str:
        """All in one line."""
        noted = f"{self.text} ({self.note})" if self.note else self.text
        return f"{noted} {self.badge}".strip() if self.badge else noted


@dataclass(frozen=True)
class Column:
    """Its heading; numbers are aligned right."""

    title: str
    number: bool = True


@dataclass(frozen=True)
class Table:
    """Rows under columns. `groups` names the rows that belong together: a heading and how many rows follow it.

    `tags` are words of each row that a page filters by.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()
    tags: tuple[tuple[str, ...], ...] = ()

    @property
    def grouped(self) -> list[tuple[str, tuple[tuple[Cell, ...], ...]]]:
        """The rows by group; one group without a name where there are none."""
        if not self.groups:
            return [("", self.rows)]
        found, start = [], 0
        for name, size in self.groups:
            found.append((name, self.rows[start : start + size]))
            start += size
        return found


def accuracy_cell(accuracy: Interval | None) -> Cell:
    """A mean accuracy with its interval, in per cent."""
    if accuracy is None:
        return Cell(fmt.UNKNOWN)
    return Cell(fmt.percent(accuracy.value), fmt.percent_range(accuracy), value=accuracy.value)


def change_cell(change: Interval | None, without: str) -> Cell:
    """A change of accuracy with its interval, in percentage points; `without` stands where there is none."""
    return Cell(fmt.points(change.value), fmt.points_range(change), value=change.value) if change else Cell(without)
