"""The table of a crowded network: every family of prunings."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from harness.compare import Answers
from harness.report import format as fmt
from harness.report.families import Family, families
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table


def family_tables(answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """The families of each crowded network, by its name."""
    found = families(answers)
    return tuple(
        (names.networks[network], family_table([family for family in found if family.network == network]))
        for network in dict.fromkeys(family.network for family in found)
    )


def family_table(found: Sequence[Family]) -> Table:
    """Every family: how accurate its variants are, and what they lost against their original."""
    columns = (
        Column("Pruned", number=False),
        Column("Variants"),
        Column("Mean accuracy"),
        Column("Best"),
        Column("Worst"),
        Column("Mean change, points"),
        Column("Largest loss, points"),
        Column("Mean change against trained on, points"),
    )
    shown = len(columns) if any(family.equal_changes for family in found) else len(columns) - 1
    return Table(columns[:shown], tuple(_family_row(family)[:shown] for family in found))


def _family_row(family: Family) -> tuple[Cell, ...]:
    values, changes, equal = family.accuracies, family.changes, family.equal_changes
    worst = family.worst.prune
    return (
        Cell(family.name, badge="mistake" if family.control else ""),
        Cell(str(len(values))),
        Cell(fmt.percent(fmean(values))),
        Cell(fmt.percent(max(values))),
        Cell(fmt.percent(min(values)), worst.label.partition(",")[0] if worst else ""),
        Cell(fmt.points(fmean(changes)) if changes else fmt.UNKNOWN),
        Cell(fmt.points(min(changes)) if changes else fmt.UNKNOWN),
        Cell(fmt.points(fmean(equal)) if equal else ""),
    )
