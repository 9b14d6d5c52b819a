"""The report's tables, as text cells that HTML and Markdown both show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.compare import Answers, Interval, SpeedUp, Variant, Verdict
from harness.compare.results import Results
from harness.measure.measurement import MeasuredModel, Measurement
from harness.report import format as fmt
from harness.report.names import Names

LONGEST = 160
# A network with more prunings than this, none of them measured, is crowded: they are told together, by family.
CROWD = 12


@dataclass(frozen=True)
class Cell:
    """`text`, a quieter `note` such as an interval, and a `badge` such as a verdict."""

    text: str
    note: str = ""
    badge: str = ""

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
    """Rows under columns. `groups` names the rows that belong together: a heading and how many rows follow it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()

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


def crowded(answers: Answers, network: str) -> bool:
    variants = answers.of(network)
    return len(variants) > CROWD + 1 and not any(variant.latencies for variant in variants)


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


def crowd_table(answers: Answers, names: Names) -> Table:
    """Every variant of the crowded networks."""
    found = [answers.of(network) for network in answers.networks if crowded(answers, network)]
    return variant_table(found, answers, names)


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
        Cell(fmt.count_range(variant.parameters)),
        _accuracy_cell(variant.accuracy),
        _change_cell(variant.change, "" if variant.original else fmt.UNKNOWN),
        _change_cell(variant.equal_change, ""),
        Cell(fmt.kilobytes_range(variant.size_bytes)),
    ]
    for batch in answers.batch_sizes:
        latency = variant.latencies.get(batch)
        cells.append(Cell(fmt.microseconds(latency.typical_us) if latency else fmt.UNKNOWN))
        cells.append(_speed_cell(variant, variant.speedups.get(batch)))
    disagreements = variant.parity_disagreements
    cells += [
        Cell(", ".join(fmt.device(device) for device in variant.devices) or fmt.UNKNOWN),
        Cell("none" if variant.control else "" if variant.prune is None else fmt.tiny(variant.proof_difference)),
        Cell(fmt.tiny(variant.parity_difference), f"{disagreements} disagree" if disagreements else ""),
    ]
    return tuple(cells)


def _accuracy_cell(accuracy: Interval | None) -> Cell:
    return Cell(fmt.percent(accuracy.value), fmt.percent_range(accuracy)) if accuracy else Cell(fmt.UNKNOWN)


def _change_cell(change: Interval | None, without: str) -> Cell:
    return Cell(fmt.points(change.value), fmt.points_range(change)) if change else Cell(without)


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
        return Cell("" if variant.prune is None else fmt.UNKNOWN)
    if speedup.verdict is Verdict.SAME_GRAPH:
        return Cell("1×", badge=str(speedup.verdict.value))
    return Cell(fmt.times(speedup.value), fmt.times_range(speedup), str(speedup.verdict.value))


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
                    _accuracy_cell(seed.accuracy),
                    _change_cell(seed.change, ""),
                    Cell(remark),
                )
            )
    return Table(columns, tuple(rows))


def failure_table(answers: Answers) -> Table:
    columns = (Column("What", number=False), Column("Reason", number=False))
    return Table(columns, tuple((Cell(name), Cell(reason)) for name, reason in answers.failures.items()))


def control_table(answers: Answers) -> Table:
    """The copy that was measured as if it were another network, at each batch size."""
    columns = (
        Column("Inputs"),
        Column("Batch"),
        Column("Copy against itself"),
        Column("95 % interval"),
        Column("Verdict", number=False),
    )
    hidden = 0 if any(control.inputs for control in answers.controls) else 1
    return Table(
        columns[hidden:],
        tuple(
            (
                Cell(control.inputs),
                Cell(str(control.batch)),
                Cell(f"{control.speedup.value:.3f}×"),
                Cell(fmt.times_range(control.speedup)),
                Cell("", badge=str(control.speedup.verdict.value)),
            )[hidden:]
            for control in answers.controls
        ),
    )


def graph_table(results: Results, answers: Answers, names: Names) -> Table | None:
    """The ONNX files that were measured, and which variants each stands for."""
    if not results.measurements:
        return None
    users = users_of(results, answers, names)
    columns = [
        Column("Stands for", number=False),
        Column("SHA-256", number=False),
        Column("MACs"),
        Column("Session, ms"),
    ]
    columns += [Column(f"Median, batch {batch}") for batch in answers.batch_sizes]
    columns += [Column(f"First run, batch {batch}") for batch in answers.batch_sizes]
    columns += [Column(f"Per second, batch {batch}") for batch in answers.batch_sizes]
    columns += [Column("Peak memory, MB"), Column("Device", number=False)]
    rows = []
    for measurement in results.measurements:
        for index, model in enumerate(measurement.models):
            rows.append(tuple(_graph_row(measurement, index, model, "; ".join(users[model.path]), answers)))
    return Table(tuple(columns), tuple(rows))


def users_of(results: Results, answers: Answers, names: Names) -> dict[str, list[str]]:
    """The variants that each measured file stands for, by its path."""
    graphs = {row.export.sha256: row.export.architecture for row in results.rows if row.export}
    models = [model for measurement in results.measurements for model in measurement.models]
    return {
        model.path: [names.full(each) for each in answers.variants if graphs.get(model.sha256) in each.architectures]
        for model in models
    }


def _graph_row(
    measurement: Measurement, index: int, model: MeasuredModel, users: str, answers: Answers
) -> Iterable[Cell]:
    measured = [measurement.row(index, batch, answers.mode) for batch in answers.batch_sizes]
    yield Cell(users or fmt.UNKNOWN)
    yield Cell(model.sha256[:12])
    yield Cell(fmt.UNKNOWN if model.macs is None else fmt.count(model.macs))
    yield Cell(fmt.UNKNOWN if model.session_us is None else fmt.microseconds(model.session_us / 1000))
    for row in measured:
        yield Cell(fmt.UNKNOWN if row.median_us is None else fmt.duration(row.median_us))
    for row in measured:
        yield Cell(fmt.UNKNOWN if row.first_us is None else fmt.duration(row.first_us))
    for row in measured:
        yield Cell(fmt.count(round(row.throughput_per_s)) if row.throughput_per_s else fmt.UNKNOWN)
    peaks = [row.peak_bytes for row in measured if row.peak_bytes is not None]
    yield Cell(f"{max(peaks) / 1e6:,.0f}" if peaks else fmt.UNKNOWN)
    yield Cell(fmt.device(model.device))


def environment_table(environment: Mapping[str, Any]) -> Table:
    """All that was recorded about the machine, nested names joined with dots."""
    columns = (Column("Condition", number=False), Column("Value", number=False))
    return Table(columns, tuple((Cell(name), Cell(value)) for name, value in flattened(environment)))


def flattened(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else _written(value)
            yield f"{prefix}{key}", text if len(text) <= LONGEST else f"{text[:LONGEST]}… (whole in results.json)"


def _written(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, Sequence) and all(isinstance(part, str | int | float) for part in value):
        return ", ".join(str(part) for part in value) or "none"
    return json.dumps(value, default=str, ensure_ascii=False)
