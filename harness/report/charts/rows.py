"""The same filters removed with the wrong and the right rows of the kernel after Flatten."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from harness.compare import Answers, Interval, Variant
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import Data, Figure, Panel, tip, titled
from harness.report.charts.scales import color
from harness.report.families import crowded
from harness.report.names import Names

WIDTH, ROW_HEIGHT = 460, 34


def rows_figure(answers: Answers, names: Names) -> Figure | None:
    """None where no variant is wrong on purpose. Crowded networks have a figure of their own."""
    networks = [
        variant.network
        for variant in answers.variants
        if variant.control and variant.accuracy and not crowded(answers, variant.network)
    ]
    if not networks:
        return None
    panels = [
        _panel([each for each in answers.of(network) if each.accuracy and each.quantize is None], names)
        for network in dict.fromkeys(networks)
    ]
    return Figure(
        name="rows",
        title="Accuracy (%) after removing filters, by which rows of the dense kernel are kept",
        caption="First rows: the mistake. All others keep the rows of the filters that remain. "
        "Bars: mean over seeds with its 95 % interval.",
        panels=tuple(panels),
        legend=(),
        columns=1,
    )


def _panel(variants: Sequence[Variant], names: Names) -> Panel:
    rows = [
        {
            "network": names.network(variant),
            "variant": _told(variant, names),
            "accuracy": 100 * variant.accuracy.value,
            "low": 100 * variant.accuracy.low,
            "high": 100 * variant.accuracy.high,
            "text": _accuracy_told(variant.accuracy),
            "wrong": variant.control,
            "tip": tip(("Variant", _told(variant, names)), ("Accuracy", _accuracy_told(variant.accuracy))),
        }
        for variant in variants
        if variant.accuracy
    ]
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8)
    y = alt.Y("variant:N", sort=[_told(variant, names) for variant in variants], title=None, axis=axis)
    x = alt.X("accuracy:Q", title="Accuracy, %").scale(domain=[0, 100])
    title = names.network(variants[0])
    sheet = Data(title)
    base = sheet.chart(rows).encode(y=y)
    fill = alt.condition("datum.wrong", alt.value(theme.DIM), color(names))
    chart = alt.layer(
        base.mark_bar(aria=True, height=18, opacity=0.85).encode(x=x, color=fill, description="tip:N"),
        base.mark_rule(color=theme.INK, strokeWidth=1.4).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_text(align="left", dx=8, color=theme.INK, fontSize=11).encode(x=alt.X("high:Q"), text="text:N"),
    )
    return Panel(titled(chart, title, WIDTH, ROW_HEIGHT * len(rows)), sheet.datasets)


def _accuracy_told(accuracy: Interval) -> str:
    return f"{fmt.percent(accuracy.value)} ({fmt.percent_range(accuracy)})"


def _told(variant: Variant, names: Names) -> str:
    if variant.prune is None:
        return names.label(variant)
    return names.label(variant) if variant.control else f"{names.label(variant)}: own rows"
