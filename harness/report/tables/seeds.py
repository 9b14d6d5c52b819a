"""The table of every training."""

from __future__ import annotations

from harness.compare import Answers
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table, accuracy_cell, change_cell


def seed_table(answers: Answers, names: Names) -> Table:
    """Every training of every variant."""
    columns = (
        Column("Network", number=False),
        Column("Variant", number=False),
        Column("Seed"),
        Column("Accuracy"),
        Column("Change, points"),
        Column("Remark", number=False),
    )
    rows = []
    for variant in answers.variants:
        for seed in variant.seeds:
            unlearned = "original at chance" if seed.at_chance else "original did not learn"
            remark = "failed" if seed.error else unlearned if seed.learned is False else ""
            rows.append(
                (
                    Cell(names.network(variant)),
                    Cell(names.label(variant)),
                    Cell(str(seed.seed)),
                    accuracy_cell(seed.accuracy),
                    change_cell(seed.change, ""),
                    Cell(remark),
                )
            )
    return Table(columns, tuple(rows))
