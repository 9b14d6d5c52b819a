"""Networks side by side: what differs across in the columns, everything else down the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.families import crowded
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table
from harness.spec import short

WIDEST = 4  # values of one factor beside each other
Key = tuple[tuple[tuple[str, str], ...], str]


def factor_tables(answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """One for each factor of each model that has few values: `deepcaptcha, by padding`."""
    found = []
    for model in dict.fromkeys(variant.model for variant in answers.variants):
        variants = [each for each in answers.variants if each.model == model and not crowded(answers, each.network)]
        for factor in dict.fromkeys(factor for variant in variants for factor in variant.factors):
            values = list(dict.fromkeys(short(each.factors[factor]) for each in variants if factor in each.factors))
            if 1 < len(values) <= WIDEST and any(variant.accuracy for variant in variants):
                name = names.model(variants[0])
                found.append((f"{name}, by {factor}", _table(variants, factor, values, answers, names)))
    return tuple(found)


def _table(variants: Sequence[Variant], factor: str, values: Sequence[str], answers: Answers, names: Names) -> Table:
    by_key: dict[Key, dict[str, Variant]] = {}
    for variant in variants:
        if factor in variant.factors and not variant.control:
            by_key.setdefault(_rest(variant, factor, names), {})[short(variant.factors[factor])] = variant
    batches = [batch for batch in answers.batch_sizes if any(batch in variant.latencies for variant in variants)]
    others = list(dict.fromkeys(name for rest, _ in by_key for name, _ in rest))
    columns = [Column(name, number=False) for name in (*others, "variant")]
    columns += [Column(f"Accuracy, {value}") for value in values]
    columns += [Column(f"µs at {batch}, {value}") for batch in batches for value in values]
    rows = [_row(key, found, others, values, batches) for key, found in by_key.items()]
    return Table(tuple(columns), tuple(rows))


def _rest(variant: Variant, factor: str, names: Names) -> Key:
    """What a row has in common: the other factors, and how it was pruned."""
    rest = tuple((name, short(value)) for name, value in variant.factors.items() if name != factor)
    return rest, names.label(variant)


def _row(
    key: Key, found: Mapping[str, Variant], others: Sequence[str], values: Sequence[str], batches: Sequence[int]
) -> tuple[Cell, ...]:
    rest, label = dict(key[0]), key[1]
    cells = [Cell(rest.get(name, "")) for name in others] + [Cell(label)]
    beside = [found.get(value) for value in values]
    for variant in beside:
        accuracy = variant.accuracy if variant else None
        known = accuracy is not None
        cells.append(Cell(fmt.percent(accuracy.value), value=accuracy.value) if known else Cell(fmt.UNKNOWN))  # type: ignore[union-attr]
    for batch in batches:
        for variant in beside:
            latency = variant.latencies.get(batch) if variant else None
            us = latency.typical_us if latency else None
            cells.append(Cell(fmt.UNKNOWN) if us is None else Cell(fmt.microseconds(us), value=us))
    return tuple(cells)
