"""Speed-up over the original by amount pruned, a panel for each batch size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from harness.compare import Answers, Variant, Verdict
from harness.report import format as fmt
from harness.report.charts import theme
from harness.report.charts.figure import PANEL_WIDTH, Data, Figure, Panel, tip, titled
from harness.report.charts.scales import color, log_ticks, shape
from harness.report.names import Names, series_of

Groups = Mapping[tuple[str, ...], Sequence[Variant]]
LABEL_WIDTH = 80


def speed_figure(answers: Answers, names: Names) -> Figure | None:
    """None where no speed-up was measured. Networks that were pruned in the same ways share a panel."""
    groups = _groups(answers, names)
    panels: list[Panel] = []
    shown: set[str] = set()
    for labels, variants in groups.items():
        for batch in answers.batch_sizes:
            rows = _rows(variants, labels, batch, names)
            if rows:
                shown.update(row["network"] for row in rows)
                title = f"{_told(variants, groups, names)}, batch {batch}" if len(groups) > 1 else f"Batch {batch}"
                panels.append(_panel(rows, labels, title, answers.margin, names))
    if not panels:
        return None
    return Figure(
        name="speedup",
        title="Speed-up over the original in ONNX Runtime (×, log scale), by amount pruned",
        caption=(
            f"Above 1 is faster. Bars: 95 % interval of the paired speed-up. Grey: ±{100 * answers.margin:g} %, a "
            f"difference that does not matter. Hollow: inconclusive. Variants of the same ONNX graph share their speed."
        ),
        panels=tuple(panels),
        legend=tuple(name for name in names.networks.values() if name in shown),
        columns=len(answers.batch_sizes) if len(answers.batch_sizes) < 4 else 2,
    )


def _groups(answers: Answers, names: Names) -> Groups:
    """Variants with a speed-up, by the labels that their networks have."""
    groups: dict[tuple[str, ...], list[Variant]] = {}
    for network in answers.networks:
        variants = [each for each in answers.of(network) if each.speedups and not (each.control or each.baseline)]
        if variants:
            groups.setdefault(tuple(names.label(variant) for variant in variants), []).extend(variants)
    return groups


def _told(variants: Sequence[Variant], groups: Groups, names: Names) -> str:
    """The models of a group; its networks, where another group has the same models."""
    models = [tuple(dict.fromkeys(map(names.model, group))) for group in groups.values()]
    own = tuple(dict.fromkeys(map(names.model, variants)))
    return fmt.listed(list(own if models.count(own) == 1 else dict.fromkeys(map(names.network, variants))))


def _rows(variants: Sequence[Variant], labels: Sequence[str], batch: int, names: Names) -> list[dict[str, Any]]:
    networks = list(dict.fromkeys(variant.network for variant in variants))
    step = min(0.09, 0.7 / max(1, len(networks) - 1))
    rows = []
    for variant in variants:
        speedup = variant.speedups.get(batch)
        if speedup is None:
            continue
        dodge = step * (networks.index(variant.network) - (len(networks) - 1) / 2)
        rows.append(
            {
                "network": names.network(variant),
                "variant": names.label(variant),
                "series": series_of(variant),
                "x": labels.index(names.label(variant)) + dodge,
                "speedup": speedup.value,
                "low": speedup.low or speedup.value,
                "high": speedup.high or speedup.value,
                "tip": tip(
                    ("Network", names.network(variant)),
                    ("Pruned by", names.label(variant)),
                    ("Speed-up", f"{fmt.times(speedup.value)} ({fmt.times_range(speedup)})"),
                    ("Verdict", speedup.verdict.value),
                ),
                "open": speedup.verdict is Verdict.INCONCLUSIVE,
            }
        )
    return rows


def _panel(rows: Sequence[dict[str, Any]], labels: Sequence[str], title: str, margin: float, names: Names) -> Panel:
    low = min(0.9, *(0.94 * row["low"] for row in rows))
    high = max(1.15, *(1.06 * row["high"] for row in rows))
    y_axis = alt.Axis(values=log_ticks(low, high), format="~r", labelExpr="datum.label + '×'")
    y = alt.Y("speedup:Q", title="Speed-up", axis=y_axis).scale(type="log", domain=[low, high], nice=False)
    x = alt.X("x:Q", title="Pruned by", axis=_label_axis(labels)).scale(domain=[-0.5, len(labels) - 0.5], nice=False)
    sheet = Data(title)
    colored = sheet.chart(rows).encode(color=color(names))
    fill = alt.condition("datum.open", alt.value(theme.PAPER), color(names))
    band = sheet.chart([{"low": 1 - margin, "high": 1 + margin}]).mark_rect(color=theme.QUIET, opacity=0.18)
    unity = sheet.chart([{"one": 1}]).mark_rule(color=theme.INK, strokeWidth=1)
    chart = alt.layer(
        band.encode(y=alt.Y("low:Q"), y2="high:Q"),
        unity.encode(y="one:Q"),
        colored.mark_line(opacity=0.5, strokeWidth=1.2).encode(x=x, y=y, detail="series:N"),
        colored.mark_rule(strokeWidth=1.4).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        colored.mark_point(aria=True, size=60, strokeWidth=1.6, opacity=1).encode(
            x=x, y=y, shape=shape(names), fill=fill, description="tip:N"
        ),
    )
    return Panel(titled(chart, title, max(PANEL_WIDTH, LABEL_WIDTH * len(labels)), 260), sheet.datasets)


def _label_axis(labels: Sequence[str]) -> alt.Axis:
    """Whole numbers shown as the variants' labels, on several lines where they have several parts."""
    lines = [label.removesuffix(")").replace(" (", ", ").replace(" for ", ", for ").split(", ") for label in labels]
    return alt.Axis(
        values=list(range(len(labels))), labelExpr=f"{lines!r}[datum.value]", grid=False, labelAngle=0, ticks=False
    )
