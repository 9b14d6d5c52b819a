"""A table's column."""

from __future__ import annotations

from harness.report.tables.table import Cell, Table


def column(table: Table, title: str) -> list[Cell]:
    index = [each.title for each in table.columns].index(title)
    return [row[index] for row in table.rows]
