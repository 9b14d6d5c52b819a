"""Accuracy against measured speed-up for one network: widths chosen by latency, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import PANEL_HEIGHT, PANEL_WIDTH, Data, Figure, Panel, tip, titled
from harness.report.charts.scales import log_ticks, padded
from harness.report.names import Names, widths_told

CHOSEN, UNIFORM, RANDOM, SCRATCH, ORIGINAL, LONGER = (
    "widths by latency",
    "same share of every layer",
    "those widths, random channels",
    "those widths, from new weights",
    "original",
    "original, trained on",
)
KINDS = (CHOSEN, UNIFORM, RANDOM, SCRATCH, ORIGINAL, LONGER)
UNPRUNED = {ORIGINAL: theme.INK, LONGER: theme.QUIET}


def gains_figure(answers: Answers, names: Names) -> Figure | None:
    """None where no widths were chosen by latency and measured. A panel for each network and batch size."""
    panels = []
    networks = dict.fromkeys(each.network for each in answers.pruned if each.prune and each.prune.by_latency)
    for network in networks:
        for batch in answers.batch_sizes:
            rows = [row for each in answers.of(network) if (row := _row(each, batch, names)) is not None]
            if any(row["kind"] == CHOSEN for row in rows):
                title = f"{names.networks[network]}, batch {batch}" if len(networks) > 1 else f"Batch {batch}"
                panels.append(_panel(rows, title))
    if not panels:
        return None
    return Figure(
        name="gains",
        title="Accuracy (%) against measured speed-up (×, log scale): up and to the right is better",
        caption=(
            "Bars: 95 % interval of the mean accuracy, and of the paired speed-up over the original. Point at a "
            "dot for its widths and what makes it."
        ),
        panels=tuple(panels),
        legend=(),
    )


def _kind(variant: Variant) -> str | None:
    """Which line it is on; None for what has no place here."""
    prune = variant.prune
    if variant.quantize is not None:
        return None
    if prune is None:
        return ORIGINAL if variant.original else LONGER
    if prune.baseline is not None:
        return {"random": RANDOM, "scratch": SCRATCH, "uniform": UNIFORM}[prune.baseline]
    if prune.by_latency:
        return CHOSEN
    return UNIFORM if prune.ratio is not None and not prune.global_ranking else None


def _row(variant: Variant, batch: int, names: Names) -> dict[str, Any] | None:
    kind, speedup = _kind(variant), variant.speedups.get(batch)
    if kind is None or variant.accuracy is None or (speedup is None and kind not in UNPRUNED):
        return None
    return {
        "kind": kind,
        "variant": names.label(variant),
        "accuracy": 100 * variant.accuracy.value,
        "low": 100 * variant.accuracy.low,
        "high": 100 * variant.accuracy.high,
        "speedup": speedup.value if speedup else 1.0,
        "speedup_low": (speedup.low if speedup else None) or (speedup.value if speedup else 1.0),
        "speedup_high": (speedup.high if speedup else None) or (speedup.value if speedup else 1.0),
        "tip": tip(
            ("What", kind),
            ("Variant", names.label(variant)),
            ("Accuracy", f"{fmt.percent(variant.accuracy.value)} ({fmt.percent_range(variant.accuracy)})"),
            ("Speed-up", f"{fmt.times(speedup.value)} ({fmt.times_range(speedup)})" if speedup else ""),
            ("McNemar's test", "" if variant.loss_p is None else fmt.p_value(variant.loss_p)),
            ("Channels kept", widths_told(variant)),
            ("Command", names.command(variant)),
        ),
    }


def _panel(rows: Sequence[dict[str, Any]], title: str) -> Panel:
    low = min(0.93, *(0.96 * row["speedup_low"] for row in rows))
    high = max(1.2, *(1.06 * row["speedup_high"] for row in rows))
    bottom, top = padded([row[key] for row in rows for key in ("low", "high")], 0.06)
    x_axis = alt.Axis(values=log_ticks(low, high), format="~r", labelExpr="datum.label + '×'", grid=False)
    x = alt.X("speedup:Q", title="Speed-up over the original", axis=x_axis)
    x = x.scale(type="log", domain=[low, high], nice=False)
    y = alt.Y("accuracy:Q", title="Accuracy, %").scale(domain=[max(0.0, bottom), min(100.0, top)], nice=False)
    shown = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    legend = alt.Legend(title=None, orient="bottom", direction="vertical", columns=2, symbolOpacity=1)
    color = alt.Color("kind:N", legend=legend).scale(domain=shown, range=[_color(kind) for kind in shown])
    shape = alt.Shape("kind:N", legend=legend).scale(domain=shown, range=[_shape(kind) for kind in shown])
    sheet = Data(title)
    dots = sheet.chart(rows).encode(color=color)
    joined = sheet.chart(row for row in rows if row["kind"] not in UNPRUNED).encode(color=color)
    chart = alt.layer(
        joined.mark_line(opacity=0.5, strokeWidth=1.2).encode(x=x, y=y, order=alt.Order("speedup:Q")),
        dots.mark_rule(opacity=0.45).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        dots.mark_rule(opacity=0.7).encode(x=alt.X("speedup_low:Q"), x2="speedup_high:Q", y=y),
        dots.mark_point(aria=True, size=70, filled=True, opacity=1).encode(x=x, y=y, shape=shape, description="tip:N"),
    )
    return Panel(titled(chart, title, PANEL_WIDTH, PANEL_HEIGHT), sheet.datasets)


def _color(kind: str) -> str:
    return UNPRUNED.get(kind) or theme.color_of(KINDS.index(kind))


def _shape(kind: str) -> str:
    return theme.shape_of(KINDS.index(kind))
