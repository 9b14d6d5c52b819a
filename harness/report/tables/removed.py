"""What each variant lost: the channels that remain of every layer."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import Answers
from harness.compare.results import Results
from harness.records import Pruning
from harness.report import format as fmt
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table

FEW_LAYERS = 8


def removed_tables(results: Results, answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """The pruned variants of each network that has some, by its name."""
    done: dict[tuple[str, str], list[Pruning]] = {}
    for row in results.rows:
        if row.pruning is not None and row.quantize is None:
            done.setdefault((row.case.network, row.variant), []).append(row.pruning)
    found = []
    for network in answers.networks:
        pruned = [
            (names.label(variant), done[network, variant.label])
            for variant in answers.of(network)
            if (network, variant.label) in done
        ]
        if pruned:
            found.append((names.networks[network], _table(pruned)))
    return tuple(found)


def _table(pruned: Sequence[tuple[str, Sequence[Pruning]]]) -> Table:
    layers = list(dict.fromkeys(layer for _, prunings in pruned for each in prunings for layer in each.plan.channels))
    if len(layers) <= FEW_LAYERS:
        columns = [Column(layer) for layer in layers]
        rows = [[_layer_cell(layer, prunings) for layer in layers] for _, prunings in pruned]
    else:
        columns = [Column("Channels that remain"), Column("Least remains of", False), Column("Most remains of", False)]
        rows = [_summary(prunings) for _, prunings in pruned]
    parameters = [
        (
            Cell(fmt.count_range(_reach([each.parameters_after for each in prunings])), value=_after(prunings)),
            Cell(f"−{100 * (1 - _after(prunings) / prunings[0].parameters_before):.0f}{fmt.SPACE}%"),
        )
        for _, prunings in pruned
    ]
    ends = (Column("Parameters"), Column("Change"))
    return Table(
        (Column("Variant", number=False), *columns, *ends),
        tuple((Cell(label), *row, *end) for (label, _), row, end in zip(pruned, rows, parameters, strict=True)),
    )


def _after(prunings: Sequence[Pruning]) -> float:
    return sum(each.parameters_after for each in prunings) / len(prunings)


def _reach(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)


def _layer_cell(layer: str, prunings: Sequence[Pruning]) -> Cell:
    """How many remain, over the seeds, and of how many."""
    kept = [len(each.plan.kept[layer]) for each in prunings if layer in each.plan.kept]
    whole = next((each.plan.channels[layer] for each in prunings if layer in each.plan.channels), None)
    if whole is None:
        return Cell(fmt.UNKNOWN)
    remain = kept or [whole]
    return Cell(fmt.count_range(_reach(remain)), f"of {fmt.count(whole)}", value=sum(remain) / len(remain))


def _summary(prunings: Sequence[Pruning]) -> list[Cell]:
    """Of many layers: all together, and the two that were cut most and least, of the first seed."""
    plan = prunings[0].plan
    kept = {layer: len(plan.kept.get(layer, range(whole))) for layer, whole in plan.channels.items()}
    shares = {layer: kept[layer] / whole for layer, whole in plan.channels.items() if whole}
    least, most = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    remain, whole = sum(kept.values()), sum(plan.channels.values())
    ends = [Cell(layer, f"{kept[layer]} of {plan.channels[layer]}") for layer in (least, most)]
    return [Cell(fmt.count(remain), f"of {fmt.count(whole)}", value=remain), *ends]
