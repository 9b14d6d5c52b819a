"""The accuracy of every seed, a panel for each network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import Data, Figure, Panel, tip, titled
from harness.report.charts.scales import color, padded
from harness.report.families import crowded
from harness.report.names import Names

WIDTH, ROW_HEIGHT = 300, 26


def seeds_figure(answers: Answers, names: Names) -> Figure | None:
    """None where every network has one seed. Panels of one model share their scale.

    Networks that are only asked whether they learn have a figure of their own.
    """
    pruned = {variant.network for variant in answers.pruned}
    asked = {arm.network for arm in answers.learning.arms} - pruned if answers.learning else set()
    panels = []
    for model in dict.fromkeys(variant.model for variant in answers.variants):
        variants = [
            each
            for each in answers.variants
            if each.model == model and each.finished and not each.control
            if (each.prune is None or not crowded(answers, each.network)) and each.network not in asked
        ]
        if all(len(variant.finished) < 2 for variant in variants):
            continue
        rows = {variant.key: _rows(variant, names) for variant in variants}
        drawn = [row for found in rows.values() for row in found]
        domain = padded(
            [row["accuracy"] for row in drawn if not row["unlearned"]] or [row["accuracy"] for row in drawn], 0.06
        )
        for network in dict.fromkeys(variant.network for variant in variants):
            own = [variant for variant in variants if variant.network == network]
            panels.append(_panel(own, [row for variant in own for row in rows[variant.key]], domain, names))
    if not panels:
        return None
    return Figure(
        name="seeds",
        title="Accuracy (%) of every seed, by network and amount pruned",
        caption="A dot is one training with its own seed, the bar the mean of those that count. Hollow: the original "
        "of that seed did not learn, or is at chance; it stands at the left edge where it is worse than all others. "
        "Panels of one model share their scale.",
        panels=tuple(panels),
        legend=(),
    )


def _rows(variant: Variant, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "network": names.network(variant),
            "variant": names.label(variant),
            "seed": seed.seed,
            "accuracy": 100 * seed.accuracy.value,
            "tip": tip(
                ("Variant", names.label(variant)),
                ("Seed", str(seed.seed)),
                ("Accuracy", f"{fmt.percent(seed.accuracy.value)} ({fmt.percent_range(seed.accuracy)})"),
            ),
            "unlearned": seed.learned is False,
        }
        for seed in variant.finished
        if seed.accuracy is not None
    ]


def _panel(
    variants: Sequence[Variant], rows: Sequence[dict[str, Any]], domain: tuple[float, float], names: Names
) -> Panel:
    labels = [names.label(variant) for variant in variants]
    shown = [{**row, "accuracy": max(row["accuracy"], domain[0])} for row in rows]
    y = alt.Y("variant:N", sort=labels, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=8))
    x = alt.X("accuracy:Q", title="Accuracy, %", axis=alt.Axis(tickCount=6)).scale(
        domain=[domain[0], min(100.0, domain[1])], nice=False
    )
    means = [
        {"variant": names.label(variant), "accuracy": 100 * variant.accuracy.value}
        for variant in variants
        if variant.accuracy
    ]
    fill = alt.condition("datum.unlearned", alt.value(theme.PAPER), color(names))
    title = names.network(variants[0])
    sheet = Data(title)
    dots = sheet.chart(shown).mark_circle(aria=True, size=46, strokeWidth=1.3, opacity=0.85)
    chart = alt.layer(
        dots.encode(x=x, y=y, yOffset=alt.YOffset("seed:N"), stroke=color(names), fill=fill, description="tip:N"),
        sheet.chart(means).mark_tick(color=theme.INK, thickness=1.6, size=18).encode(x=x, y=y),
    )
    return Panel(titled(chart, title, WIDTH, ROW_HEIGHT * len(labels)), sheet.datasets)
