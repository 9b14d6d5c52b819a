"""The tables of what was measured: each ONNX graph, and the copy of one that is the control."""

from __future__ import annotations

from collections.abc import Iterable

from harness.compare import Answers
from harness.compare.results import Results
from harness.measure.measurement import Measurement
from harness.measure.model import MeasuredModel
from harness.report import format as fmt
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table


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
    users: dict[str, list[str]] = {}
    for variant in answers.variants:
        for graph in variant.architectures:
            users.setdefault(graph, []).append(names.full(variant))
    models = [model for measurement in results.measurements for model in measurement.models]
    return {model.path: users.get(graphs.get(model.sha256, ""), []) for model in models}


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
