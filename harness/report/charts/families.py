"""Many prunings of one network: accuracy by amount, a line for each way, and every channel removed in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.compare import Answers, Variant
from harness.report.charts import theme
from harness.report.charts.figure import Data, Figure, Panel, titled
from harness.report.families import Family, families
from harness.report.names import Names

WIDTH, HEIGHT, ROW_HEIGHT = 560, 320, 34
MISTAKE = "#8c959f"


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
        }
        for family in found
        for variant in family.variants
        if variant.accuracy
    ]


def _tooltip() -> list[alt.Tooltip]:
    return [alt.Tooltip("variant:N", title="Pruned"), alt.Tooltip("accuracy:Q", title="Accuracy, %", format=".1f")]


def _strips(found: Sequence[Family], title: str) -> Panel:
    """A row of dots for each family."""
    order = [family.name for family in found]
    sheet = Data(title)
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=320)
    dots = sheet.chart(_rows(found)).mark_circle(size=46, opacity=0.55)
    chart = dots.encode(
        x=alt.X("accuracy:Q", title="Accuracy, %").scale(domain=[0, 100]),
        y=alt.Y("family:N", sort=order, title=None, axis=axis),
        color=alt.condition("datum.wrong", alt.value(MISTAKE), alt.value(theme.COLORS[0])),
        tooltip=_tooltip(),
    )
    return Panel(titled(alt.layer(chart), title, WIDTH, ROW_HEIGHT * len(order)), sheet.datasets)


def _curves(found: Sequence[Family], title: str) -> Panel:
    """A line for each family, over the amount removed."""
    order = [family.name for family in found]
    palette = (*theme.COLORS, theme.INK)
    colors = [MISTAKE if each.control else palette[index % len(palette)] for index, each in enumerate(found)]
    ratio = found[0].variants[0].prune is not None and found[0].variants[0].prune.ratio is not None
    sheet = Data(title)
    chart = (
        sheet.chart(_rows(found))
        .mark_line(point={"size": 22}, strokeWidth=1.4)
        .encode(
            x=alt.X("amount:Q", title="Channels removed, %" if ratio else "Filters removed").scale(nice=False),
            y=alt.Y("accuracy:Q", title="Accuracy, %").scale(domain=[0, 100]),
            color=alt.Color("family:N", sort=order, title=None).scale(domain=order, range=colors),
            strokeDash=alt.condition("datum.wrong", alt.value([5, 3]), alt.value([1, 0])),
            tooltip=_tooltip(),
        )
    )
    return Panel(titled(alt.layer(chart), title, WIDTH, HEIGHT), sheet.datasets)
