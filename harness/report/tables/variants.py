"""The main table: every variant, under its network."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import Answers, SpeedUp, Standing, Variant, Verdict
from harness.report import format as fmt
from harness.report.families import crowded
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table, accuracy_cell, change_cell

UNKNOWN = Cell(fmt.UNKNOWN)
SIZES = ("Parameters", "Size, KB", "Device", "Proof", "Parity")


def main_table(answers: Answers, names: Names) -> Table:
    """Every variant of every network, grouped by network; of a crowded one the original alone."""
    return variant_table(
        [
            [variant for variant in answers.of(network) if variant.prune is None or not crowded(answers, network)]
            for network in answers.networks
        ],
        answers,
        names,
    )


def variant_table(groups: Sequence[Sequence[Variant]], answers: Answers, names: Names) -> Table:
    """Variants, grouped by network. Columns that would say nothing are left out."""
    columns = [
        Column("Variant", number=False),
        Column("Parameters"),
        Column("Accuracy"),
        Column("Change, points"),
        Column("Against trained on, points"),
        Column("Size, KB"),
    ]
    for batch in answers.batch_sizes:
        columns += [Column(f"Batch{fmt.SPACE}{batch}, µs"), Column(f"Speed-up, batch{fmt.SPACE}{batch}")]
    columns += [Column("Device", number=False), Column("Proof"), Column("Parity")]
    rows = [_main_row(each, answers, names) for group in groups for each in group]
    kept = [index for index in range(len(columns)) if any(row[index].plain not in ("", fmt.UNKNOWN) for row in rows)]
    return Table(
        columns=tuple(columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in rows),
        groups=tuple((names.network(group[0]), len(group)) for group in groups if group),
    )


def _main_row(variant: Variant, answers: Answers, names: Names) -> tuple[Cell, ...]:
    cells = [
        Cell(names.label(variant), badge=state(variant)),
        Cell(fmt.count_range(variant.parameters), value=variant.parameters[0] if variant.parameters else None),
        accuracy_cell(variant.accuracy),
        change_cell(variant.change, "" if variant.original else fmt.UNKNOWN),
        change_cell(variant.equal_change, ""),
        Cell(fmt.kilobytes_range(variant.size_bytes), value=variant.size_bytes[0] if variant.size_bytes else None),
    ]
    for batch in answers.batch_sizes:
        latency = variant.latencies.get(batch)
        cells.append(Cell(fmt.microseconds(latency.typical_us), value=latency.typical_us) if latency else UNKNOWN)
        cells.append(_speed_cell(variant, variant.speedups.get(batch)))
    disagreements = variant.parity_disagreements
    cells += [
        Cell(", ".join(fmt.device(device) for device in variant.devices) or fmt.UNKNOWN),
        Cell(
            "none" if variant.control else "" if variant.prune is None else fmt.tiny(variant.proof_difference),
            value=variant.proof_difference,
        ),
        Cell(
            fmt.tiny(variant.parity_difference),
            f"{disagreements} disagree" if disagreements else "",
            value=variant.parity_difference,
        ),
    ]
    return tuple(cells)


def state(variant: Variant) -> str:
    """What a reader must know before comparing."""
    if variant.control:
        return "mistake"
    if variant.learned is False:
        what = "at chance" if variant.at_chance else "did not learn"
        return what if variant.original else f"original {what}"
    if not variant.finished:
        return "failed"
    missing = len(variant.seeds) - len(variant.counted)
    return f"{len(variant.counted)} of {len(variant.seeds)} seeds" if missing else ""


def _speed_cell(variant: Variant, speedup: SpeedUp | None) -> Cell:
    if speedup is None:
        return Cell(fmt.UNKNOWN if variant.derived else "")
    if speedup.verdict is Verdict.SAME_GRAPH:
        return Cell("1×", badge=str(speedup.verdict.value), value=1.0)
    return Cell(fmt.times(speedup.value), fmt.times_range(speedup), str(speedup.verdict.value), speedup.value)


def page_table(answers: Answers, names: Names) -> Table:
    """Every variant in one row, for a page that sorts and filters: the networks are a column, and sizes come last."""
    grouped = variant_table([answers.of(network) for network in answers.networks], answers, names)
    variants = [variant for network in answers.networks for variant in answers.of(network)]
    order = sorted(range(len(grouped.columns)), key=lambda index: grouped.columns[index].title in SIZES)
    several = len(answers.networks) > 1
    network = [(Cell(names.network(variant)),) if several else () for variant in variants]
    first = (Column("Network", number=False),) if several else ()
    return Table(
        columns=(*first, *(grouped.columns[index] for index in order)),
        rows=tuple((*lead, *(row[index] for index in order)) for lead, row in zip(network, grouped.rows, strict=True)),
        tags=tuple(_tags(variant, answers) for variant in variants),
    )


def _tags(variant: Variant, answers: Answers) -> tuple[str, ...]:
    """`frontier` where it stands on one, `chosen`, and its verdicts."""
    stands = {place.standing for place in variant.places.values()}
    tags = ["frontier"] if stands & {Standing.ON, Standing.NARROWLY} else []
    if any(variant.key == (choice.variant or choice.reference) for choice in answers.choices):
        tags.append("chosen")
    verdicts = dict.fromkeys(speedup.verdict.value.replace(" ", "-") for speedup in variant.speedups.values())
    return (*tags, *verdicts)
