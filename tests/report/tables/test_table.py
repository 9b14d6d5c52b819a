"""What a table is made of."""

from __future__ import annotations

from harness.report.tables.table import Cell


def test_a_cell_in_one_line() -> None:
    assert Cell("2.1×", "2.0 to 2.2", "faster").plain == "2.1× (2.0 to 2.2) faster"
    assert Cell("", badge="equivalent").plain == "equivalent"
