"""The table of what failed."""

from __future__ import annotations

from harness.compare import Answers
from harness.report.tables.table import Cell, Column, Table


def failure_table(answers: Answers) -> Table:
    """Every row and every latency that is missing, with the reason."""
    columns = (Column("What", number=False), Column("Reason", number=False))
    return Table(columns, tuple((Cell(name), Cell(reason)) for name, reason in answers.failures.items()))
