"""The widths of every dot beside widths chosen by latency, and the command that makes it."""

from __future__ import annotations

from harness.compare import Answers
from harness.report import format as fmt
from harness.report.names import Names, widths_told
from harness.report.tables.table import Cell, Column, Table


def recipe_table(answers: Answers, names: Names) -> Table:
    """The pruned variants of each network that has widths by latency; no row where none has."""
    networks = dict.fromkeys(each.network for each in answers.pruned if each.prune and each.prune.by_latency)
    groups = [(network, [each for each in answers.pruned if each.network == network]) for network in networks]
    rows = [
        (
            Cell(names.label(variant)),
            Cell(widths_told(variant, most=1000) or fmt.UNKNOWN),
            Cell("" if variant.loss_p is None else fmt.p_value(variant.loss_p)),
            Cell(names.command(variant)),
        )
        for _, variants in groups
        for variant in variants
    ]
    columns = (
        Column("Variant", number=False),
        Column("Channels kept", number=False),
        Column("McNemar's test", number=False),
        Column("Command", number=False),
    )
    kept = [index for index in range(len(columns)) if any(row[index].plain for row in rows)]
    return Table(
        columns=tuple(columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in rows),
        groups=tuple((names.networks[network], len(variants)) for network, variants in groups),
    )
