"""Every training of the arms that ask what learns: a row for each arm, a dot for each seed."""

from __future__ import annotations

import altair as alt

from harness.compare import Answers
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import Data, Figure, Panel, tip, titled
from harness.report.names import Names, learned_of

WIDTH, ROW_HEIGHT = 520, 26


def learning_figure(answers: Answers, names: Names) -> Figure | None:
    """None where nothing is said about learning. A panel for each model."""
    if answers.learning is None:
        return None
    models = dict.fromkeys(arm.model for arm in answers.learning.arms if arm.network in names.networks)
    if not models:
        return None
    return Figure(
        name="learning",
        title="Test accuracy (%) of every training, and how many of each network learned",
        caption="A dot is one training with its own seed; hollow: it did not learn. The bar is the mean of them all.",
        panels=tuple(_panel(answers, model, names) for model in models),
        legend=(),
        columns=1,
    )


def _panel(answers: Answers, model: str, names: Names) -> Panel:
    assert answers.learning is not None
    arms = [arm for arm in answers.learning.arms if arm.model == model and arm.network in names.networks]
    labels = {arm.network: f"{names.networks[arm.network]}: {learned_of(arm)}" for arm in arms}
    rows = [
        {
            "arm": labels[variant.network],
            "seed": seed.seed,
            "accuracy": 100 * seed.accuracy.value,
            "tip": tip(("Seed", str(seed.seed)), ("Accuracy", fmt.percent(seed.accuracy.value))),
            "learned": bool(seed.learned),
        }
        for variant in answers.variants
        if variant.original and variant.network in labels
        for seed in variant.finished
        if seed.accuracy
    ]
    means = [{"arm": labels[arm.network], "accuracy": 100 * arm.accuracy.value} for arm in arms if arm.accuracy]
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=420)
    y = alt.Y("arm:N", sort=list(labels.values()), title=None, axis=axis)
    x = alt.X("accuracy:Q", title="Test accuracy, %").scale(domain=[0, 100])
    sheet = Data(f"learning {model}")
    dots = sheet.chart(rows).mark_circle(aria=True, size=46, strokeWidth=1.3, opacity=0.8, stroke=theme.COLORS[0])
    fill = alt.condition("datum.learned", alt.value(theme.COLORS[0]), alt.value(theme.PAPER))
    chart = alt.layer(
        dots.encode(x=x, y=y, yOffset=alt.YOffset("seed:N"), fill=fill, description="tip:N"),
        sheet.chart(means).mark_tick(color=theme.INK, thickness=1.6, size=18).encode(x=x, y=y),
    )
    return Panel(titled(chart, model, WIDTH, ROW_HEIGHT * len(arms)), sheet.datasets)
