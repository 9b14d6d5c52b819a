"""A measurement, or an evaluation, as tables for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.measure.accuracy.evaluation import ClassShare, Difference, Evaluation
from harness.measure.comparison import Comparison
from harness.measure.measurement import Measurement
from harness.measure.row import MeasuredRow

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

PERCENTILES = (90, 99)
COLOURS = {
    "faster": "green",
    "better": "green",
    "slower": "red",
    "worse": "red",
    "invalid": "red",
    "equivalent": "cyan",
    "inconclusive": "yellow",
}


def measurement_tables(measurement: Measurement, comparisons: tuple[Comparison, ...]) -> list[Table]:
    """The latencies, the models, and how they compare; the control is the last line of the comparison."""
    return [_latencies(measurement), _models(measurement), _comparisons(measurement, comparisons)]


def short_names(measurement: Measurement) -> list[str]:
    """Each model's file name, with as many folders before it as it takes to tell them apart."""
    parts = [Path(model.path).parts for model in measurement.models]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(set(parts)):
            return names
    return [model.path for model in measurement.models]


def _table(title: str, words: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in words:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _mode(row: MeasuredRow | Comparison) -> str:
    return f"{row.batch}" if row.mode == "end_to_end" else f"{row.batch} {row.mode.replace('_', ' ')}"


def _latencies(measurement: Measurement) -> Table:
    title = f"Latency in microseconds: {measurement.launches} launches, {measurement.seconds:.0f} s"
    table = _table(title, ("model", "batch"), ("median", "p90", "p99", "first run", "per second", "memory MB"))
    names = short_names(measurement)
    for row in measurement.rows:
        table.add_row(names[row.model], _mode(row), *_cells(row))
    table.caption = _left_out(measurement)
    table.caption_justify = "left"
    return table


def _left_out(measurement: Measurement) -> str | None:
    """Why percentiles are missing: the row whose calls are worth least."""
    names = short_names(measurement)
    lines = []
    for percent in PERCENTILES:
        found = [(row.percentile(percent), row) for row in measurement.rows if row.launches]
        missing = [(one, row) for one, row in found if one.value_us is None]
        if missing:
            worst, row = min(missing, key=lambda pair: pair[0].independent)
            where = f"{names[row.model]} at batch {row.batch}"
            lines.append(f"{worst.reason}: left out for {len(missing)} of {len(found)} rows, least for {where}")
    return "\n".join(lines) or None


def _cells(row: MeasuredRow) -> list[str]:
    if row.error is not None:
        return ["[red]invalid[/red]"]
    return [
        _number(row.median_us),
        *(_number(row.percentile(percent).value_us) for percent in PERCENTILES),
        _number(row.first_us),
        _number(row.throughput_per_s),
        _number(row.peak_bytes and row.peak_bytes / 1e6),
    ]


def _models(measurement: Measurement) -> Table:
    table = _table("Models", ("model", "runs on"), ("session ms", "MACs", "weights", "file kB"))
    for name, model in zip(short_names(measurement), measurement.models, strict=True):
        table.add_row(
            name,
            model.device,
            _number(model.session_us and model.session_us / 1000),
            "unknown" if model.macs is None else _number(model.macs),
            "unknown" if model.parameters is None else _number(model.parameters),
            _number(model.size_bytes / 1000),
        )
    return table


def _number(value: float | None) -> str:
    """Three significant digits or more; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _comparisons(measurement: Measurement, comparisons: tuple[Comparison, ...]) -> Table:
    title = f"Speed-up, with a margin of {100 * measurement.spec.margin:g} %"
    table = _table(title, ("candidate", "against", "batch"), ("speed-up", "95 % interval", "verdict"))
    names = short_names(measurement)
    for found in comparisons:
        table.add_row(names[found.candidate], names[found.baseline], _mode(found), *_verdict(found))
    for found in measurement.compare_control():
        table.add_row("control (a copy)", names[found.baseline], _mode(found), *_verdict(found), style="dim")
    return table


def _verdict(found: Comparison) -> list[str]:
    speedup = "–" if found.speedup is None else f"{found.speedup:.3f}x"
    bounded = found.ci_low is not None and found.ci_high is not None
    interval = f"{found.ci_low:.3f} to {found.ci_high:.3f}" if bounded else "–"
    colour = COLOURS[found.verdict]
    return [speedup, interval, f"[{colour}]{found.verdict}[/{colour}]"]


def classes_table(found: Evaluation) -> Table:
    """Each class: how much of it is answered right, and what it is taken for; for two files, how they differ."""
    from rich.text import Text

    table = _table("By class", ("class",), ("examples", "right %", "95 % interval"))
    first, *others = found.models
    if not others:
        table.add_column("most often taken for", overflow="fold")
        for one in first.classes:
            taken = "" if one.taken_for is None else f"{one.taken_for} ({one.mistaken})"
            table.add_row(*_share_cells(one), Text(taken))
        return table
    for name in ("second right %", "points", "their interval", "verdict"):
        table.add_column(name, justify="right", no_wrap=True)
    for one, other, difference in zip(first.classes, others[0].classes, found.by_class, strict=True):
        table.add_row(*_share_cells(one), f"{100 * other.share.value:.1f}", *_difference_cells(difference))
    return table


def _share_cells(one: ClassShare) -> list[str | Text]:
    from rich.text import Text

    share = one.share
    bounds = f"{100 * share.low:.1f} to {100 * share.high:.1f}"
    return [Text(one.name), f"{share.examples:,}", f"{100 * share.value:.1f}", bounds]


def _difference_cells(one: Difference) -> list[str]:
    colour = COLOURS[one.verdict]
    bounds = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
    return [f"{100 * one.value:+.1f}", bounds, f"[{colour}]{one.verdict}[/{colour}]"]
