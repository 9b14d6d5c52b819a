"""Accuracy against latency, a panel for each task and batch size, with the frontier."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from harness.compare import Answers, Variant
from harness.report.charts import theme
from harness.report.charts.figure import PANEL_HEIGHT, PANEL_WIDTH, Data, Figure, Panel, Rows, titled
from harness.report.charts.numbers import number_key, number_labels
from harness.report.charts.points import drawable, left_out, point_of
from harness.report.charts.scales import color, log_ticks, padded, shape
from harness.report.names import Names, series_of


def frontier_figure(answers: Answers, names: Names) -> Figure | None:
    """None where nothing was measured."""
    panels: list[Panel] = []
    hidden: dict[str, Variant] = {}
    shown: set[str] = set()
    for arena in answers.arenas:
        for batch in answers.batch_sizes:
            kept, out = drawable(answers, arena, batch)
            hidden.update({each.key: each for each in out})
            shown.update(each.network for each in kept)
            if kept:
                title = f"Batch {batch}" + (f", {arena}" if len(answers.arenas) > 1 else "")
                drawn = {each.key for each in kept}
                frontier = [each for each in answers.frontier(arena, batch) if each.key in drawn]
                panels.append(_panel(kept, frontier, batch, title, names))
    if not panels:
        return None
    return Figure(
        name="frontier",
        title="Accuracy (%) against latency (µs): up and to the left is better",
        caption=_caption(list(hidden.values()), names),
        panels=tuple(panels),
        legend=tuple(name for network, name in names.networks.items() if network in shown),
    )


def _caption(hidden: Sequence[Variant], names: Names) -> str:
    return (
        "Filled: on the frontier, numbered from the fastest; the dashed line joins them. Thin lines join a network to "
        "its pruned variants. Bars: 95 % interval of the mean accuracy, and of the latency's paired ratio to a "
        f"reference network.{left_out(hidden, names)}"
    )


def _panel(variants: Sequence[Variant], frontier: Sequence[Variant], batch: int, title: str, names: Names) -> Panel:
    numbers = {variant.key: number for number, variant in enumerate(frontier, 1)}
    rows = [point_of(variant, batch, names, numbers.get(variant.key)).row() for variant in variants]
    sheet = Data(title)
    joined = [{**rows[index], "series": series} for series, members in _series(variants).items() for index in members]
    chart = titled(alt.layer(*_layers(rows, joined, names, sheet)), title, PANEL_WIDTH, PANEL_HEIGHT)
    return Panel(alt.vconcat(chart, number_key(rows, sheet), spacing=12), sheet.datasets)


def _series(variants: Sequence[Variant]) -> dict[str, list[int]]:
    """The positions of the variants that a thin line joins: an original, and what it was pruned to in one way."""
    originals = {variant.network: index for index, variant in enumerate(variants) if variant.original}
    found: dict[str, list[int]] = {}
    for index, variant in enumerate(variants):
        if variant.prune is not None:
            start = [originals[variant.network]] if variant.network in originals else []
            found.setdefault(series_of(variant), start).append(index)
    return found


def _layers(rows: Rows, joined: Rows, names: Names, sheet: Data) -> list[alt.Chart]:
    low = 0.85 * min(row["latency_low"] for row in rows)
    high = 1.15 * max(row["latency_high"] for row in rows)
    bottom, top = padded([row[key] for row in rows for key in ("low", "high")], 0.06)
    top = min(100.0, top)
    x_axis = alt.Axis(values=log_ticks(low, high), format=",~r", grid=False)
    x = alt.X("latency:Q", title="Latency, µs (log scale)", axis=x_axis)
    x = x.scale(type="log", domain=[low, high], nice=False)
    y = alt.Y("accuracy:Q", title="Accuracy, %").scale(domain=[bottom, top], nice=False)
    colored = sheet.chart(rows).encode(color=color(names))
    lines = sheet.chart(joined).encode(color=color(names), detail="series:N")
    frontier = sheet.chart(row for row in rows if row["on"]).encode(x=x, y=y)
    fill = alt.condition("datum.on", color(names), alt.value(theme.PAPER))
    labels = sheet.chart(number_labels(rows, (low, high), (bottom, top))).encode(x=x, y=y, text="label:N")
    return [
        frontier.mark_line(interpolate="step-after", color=theme.QUIET, strokeDash=[4, 3], strokeWidth=1.2),
        colored.mark_rule(opacity=0.35).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        colored.mark_rule(opacity=0.6).encode(x=alt.X("latency_low:Q"), x2="latency_high:Q", y=y),
        lines.mark_line(opacity=0.45, strokeWidth=1).encode(x=x, y=y, order=alt.Order("parameters:Q")),
        colored.mark_point(aria=True, size=75, strokeWidth=1.6, opacity=1).encode(
            x=x, y=y, shape=shape(names), fill=fill, description="tip:N"
        ),
        labels.mark_text(align="right", dx=-8, dy=-8, fontSize=11, fontWeight=600, color=theme.INK),
    ]
