"""Whether a measurement can be trusted, in one line a check."""

from __future__ import annotations

from collections.abc import Iterator

from harness import stats
from harness.compare import Answers
from harness.compare.results import Results
from harness.measure.advice import BUSY_BELOW, DRIFT_THAT_MATTERS
from harness.measure.measurement import Measurement
from harness.measure.model import operators_told
from harness.measure.runtime.placement import fallen
from harness.report import format as fmt
from harness.report.tables.table import Cell, Column, Table

GOOD, LOOK = "good", "look"


def health_table(results: Results, answers: Answers) -> Table | None:
    """The control, drift, the core, the warm-up, and where it ran; None where nothing was measured."""
    if not results.measurements:
        return None
    columns = (Column("Check", number=False), Column("Found", number=False), Column("Verdict", number=False))
    rows = [_control_row(answers)] if answers.controls else []
    for measurement in results.measurements:
        rows += _rows(measurement)
    return Table(columns, tuple(rows))


def _row(check: str, found: str, good: bool) -> tuple[Cell, ...]:
    return Cell(check), Cell(found), Cell("", badge=GOOD if good else LOOK)


def _control_row(answers: Answers) -> tuple[Cell, ...]:
    told = [
        f"{control.speedup.value:.3f}× at batch {control.batch}{f' of {control.inputs}' if control.inputs else ''}"
        for control in answers.controls
    ]
    alarms = [control for control in answers.controls if control.speedup.verdict.value in ("faster", "slower")]
    return _row("A copy against itself (A/A)", fmt.listed(told), not alarms)


def _rows(measurement: Measurement) -> Iterator[tuple[Cell, ...]]:
    precise = measurement.stopped == "precision"
    ending = "every interval narrow enough" if precise else "its budget spent, some intervals wider than wanted"
    processes = fmt.plural(measurement.launches, "fresh process").replace("processs", "processes")
    yield _row("Launches", f"{processes} in {measurement.seconds:.0f}{fmt.SPACE}s; {ending}", precise)
    drift = _drift(measurement)
    if drift is not None:
        yield _row(
            "Drift, first to last launches",
            f"{fmt.signed(100 * drift, 1)}{fmt.SPACE}% in the reference's latency; speed-ups are paired and stand",
            abs(drift) <= DRIFT_THAT_MATTERS,
        )
    shares = [process.cpu_share for process in measurement.processes if process.cpu_share is not None]
    if shares:
        share = stats.median(shares)
        yield _row("Own core", f"{100 * share:.0f}{fmt.SPACE}% of the timed blocks", share >= BUSY_BELOW)
    timed = [row for row in measurement.rows if row.launches]
    settled = sum(row.settled for row in timed)
    yield _row("Warm-up", f"{settled} of {len(timed)} reached steady calls in every launch", settled == len(timed))
    yield _row("Placement", *_placement(measurement))


def _drift(measurement: Measurement) -> float | None:
    """How much longer the reference took in the last third of launches than in the first, as a fraction."""
    for row in measurement.rows:
        medians = [launch.usual_us for launch in row.launches]
        if row.model == measurement.control_of and len(medians) >= stats.MINIMUM_LAUNCHES:
            third = max(1, len(medians) // 3)
            return stats.median(medians[-third:]) / stats.median(medians[:third]) - 1
    return None


def _placement(measurement: Measurement) -> tuple[str, bool]:
    """On which device each graph was, the nodes whose work the runtime put elsewhere, and those with 8-bit numbers."""
    devices = fmt.listed(list(dict.fromkeys(fmt.device(model.device) for model in measurement.models)))
    told = f"{fmt.plural(len(measurement.models), 'graph')} on {devices}"
    placements = [(model.device, model.placement) for model in measurement.models if model.placement is not None]
    missing = len(measurement.models) - len(placements)
    if missing:
        return f"{told}; where their nodes ran was not recorded for {missing}", False
    away = sum(len(fallen({"ran": placed.ran})) for device, placed in placements if device != "cpu")
    if away:
        return f"{told}; {fmt.plural(away, 'node')} ran on the CPU instead", False
    kernels = sum(len(placed.ran) for _, placed in placements)
    told = f"{told}, all {fmt.plural(kernels, 'kernel')} by the runtime's own profile"
    quantized = [placed for _, placed in placements if placed.conversions is not None]
    eight = [name for placed in quantized for name in placed.in_8_bits]
    left = sum(len(placed.left_over) for placed in quantized)
    told += f"; {len(eight)} with 8-bit numbers ({operators_told(eight)})" if eight else ""
    return told + (f"; {fmt.plural(left, 'pair')} of Quantize and Dequantize left over" if left else ""), not left
