"""Many prunings of one network: accuracy by amount, a line for each way, and every channel removed in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import Data, Figure, Panel, tip, titled
from harness.report.families import Family, families
from harness.report.names import Names

WIDTH, HEIGHT, ROW_HEIGHT = 560, 320, 34


def families_figure(answers: Answers, names: Names) -> Figure | None:
    """None where no network has many prunings."""
    found = families(answers)
    panels: list[Panel] = []
    for network in dict.fromkeys(family.network for family in found):
        own = [family for family in found if family.network == network and len(family.variants) > 1]
        title = names.networks[network]
        by_channel = [family for family in own if _amount(family.variants[0]) is None]
        by_amount = [family for family in own if family not in by_channel]
        if by_channel:
            panels.append(_strips(by_channel, f"{title}, one channel after the other"))
        if by_amount:
            panels.append(_curves(by_amount, f"{title}, by amount"))
    if not panels:
        return None
    return Figure(
        name="families",
        title="Accuracy (%) of every pruning, by the way it was made",
        caption="A dot is the mean over seeds of one pruning. First rows: the mistake, drawn in grey and dashed.",
        panels=tuple(panels),
        legend=(),
        columns=1,
    )


def _amount(variant: Variant) -> float | None:
    """Filters, or per cent of the channels; None where channels are named, or widths chosen by latency."""
    assert variant.prune is not None
    return 100 * variant.prune.ratio if variant.prune.ratio is not None else variant.prune.filters


def _rows(found: Sequence[Family]) -> list[dict[str, Any]]:
    return [
        {
            "family": family.name,
            "variant": variant.label,
            "amount": _amount(variant),
            "accuracy": 100 * variant.accuracy.value,
            "wrong": family.control,
            "tip": tip(("Pruned", variant.label), ("Accuracy", fmt.percent(variant.accuracy.value))),
        }
        for family in found
        for variant in family.variants
        if variant.accuracy
    ]


def _strips(found: Sequence[Family], title: str) -> Panel:
    """A row of dots for each family."""
    order = [family.name for family in found]
    sheet = Data(title)
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=320)
    dots = sheet.chart(_rows(found)).mark_circle(aria=True, size=46, opacity=0.55)
    chart = dots.encode(
        x=alt.X("accuracy:Q", title="Accuracy, %").scale(domain=[0, 100]),
        y=alt.Y("family:N", sort=order, title=None, axis=axis),
        color=alt.condition("datum.wrong", alt.value(theme.DIM), alt.value(theme.COLORS[0])),
        description="tip:N",
    )
    return Panel(titled(alt.layer(chart), title, WIDTH, ROW_HEIGHT * len(order)), sheet.datasets)


def _curves(found: Sequence[Family], title: str) -> Panel:
    """A line for each family, over the amount removed."""
    order = [family.name for family in found]
    palette = (*theme.COLORS, theme.INK)
    colors = [theme.DIM if each.control else palette[index % len(palette)] for index, each in enumerate(found)]
    ratio = found[0].variants[0].prune is not None and found[0].variants[0].prune.ratio is not None
    sheet = Data(title)
    base = sheet.chart(_rows(found)).encode(
        x=alt.X("amount:Q", title="Channels removed, %" if ratio else "Filters removed").scale(nice=False),
        y=alt.Y("accuracy:Q", title="Accuracy, %").scale(domain=[0, 100]),
        color=alt.Color("family:N", sort=order, title=None).scale(domain=order, range=colors),
    )
    dash = alt.condition("datum.wrong", alt.value([5, 3]), alt.value([1, 0]))
    lines = base.mark_line(strokeWidth=1.4).encode(strokeDash=dash)
    dots = base.mark_circle(aria=True, size=22, opacity=1).encode(description="tip:N")
    return Panel(titled(alt.layer(lines, dots), title, WIDTH, HEIGHT), sheet.datasets)
