"""What all charts are: figures of panels, each with its data, for a page or for a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair as alt

from harness.report.charts import theme
from harness.report.charts.scales import color, shape
from harness.report.names import Names

Chart = alt.LayerChart | alt.VConcatChart | alt.FacetChart
Datum = Mapping[str, Any]
Rows = list[dict[str, Any]]
Spec = dict[str, Any]
PANEL_WIDTH = 400
PANEL_HEIGHT = 300


@dataclass(frozen=True)
class Panel:
    """A chart and the data it names: kept apart, since Altair copies a chart's data at every step."""

    chart: Chart
    datasets: Mapping[str, Rows]

    @cached_property
    def spec(self) -> Spec:
        """The chart as a Vega-Lite specification, without data, schema and configuration."""
        made = self.chart.to_dict(validate=False)
        return {key: value for key, value in made.items() if key not in ("config", "$schema")}


@dataclass(frozen=True)
class Figure:
    """A title that says what is shown, with units; what to know for reading it; and its panels, in order.

    `name` is the stem of its files; `legend` the networks that its colours stand for; `columns` the panels in a row.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    legend: tuple[str, ...]
    columns: int = 2

    def specs(self) -> list[Spec]:
        """Each panel as a whole Vega-Lite specification, for a page."""
        return [whole(panel.spec, panel.datasets, "transparent") for panel in self.panels]

    def picture(self, names: Names) -> Spec:
        """All panels and the legend as one Vega-Lite specification, for a file."""
        panels = list(self.panels)
        rows: list[Spec] = [
            {"hconcat": [panel.spec for panel in panels[start : start + self.columns]], "spacing": 36}
            for start in range(0, len(panels), self.columns)
        ]
        if self.legend:
            panels.append(legend_panel(self.legend, names))
            rows.append(panels[-1].spec)
        title = {"text": self.title, "fontSize": 16, "offset": 18}
        datasets = {name: values for panel in panels for name, values in panel.datasets.items()}
        return whole({"vconcat": rows, "spacing": 22, "title": title, "padding": 16}, datasets)


def whole(spec: Spec, datasets: Mapping[str, Rows], background: str = theme.PAPER) -> Spec:
    """A specification with all that it needs."""
    config = {**theme.config(), "background": background}
    return {"$schema": alt.SCHEMA_URL, "config": config, "datasets": dict(datasets), **spec}


class Data:
    """The data of one panel: rows get a name that is unlike all others of the figure."""

    def __init__(self, panel: str) -> None:
        self.panel = panel
        self.datasets: dict[str, Rows] = {}

    def chart(self, rows: Iterable[Datum]) -> alt.Chart:
        """A chart over these rows."""
        name = f"{self.panel} {len(self.datasets)}"
        self.datasets[name] = [dict(row) for row in rows]
        return alt.Chart(alt.NamedData(name=name))


def tip(*told: tuple[str, str]) -> str:
    """What is told of a mark, as names and values: its description in a picture, its tooltip in a page."""
    return "\n".join(f"{name}: {value}" for name, value in told if value)


def legend_panel(networks: Sequence[str], names: Names) -> Panel:
    """A legend as a chart of its own, two entries a row: `networks` are short names."""
    entries = [{"network": name, "x": 360 * (i % 2), "y": i // 2} for i, name in enumerate(networks)]
    sheet = Data("legend")
    base = sheet.chart(entries).encode(
        x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-8, 712])),
        y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.5, math.ceil(len(networks) / 2) - 0.5], reverse=True)),
    )
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(color=color(names), shape=shape(names))
    texts = base.mark_text(align="left", dx=10, fontSize=12, color=theme.INK).encode(text="network:N")
    height = 20 * math.ceil(len(networks) / 2)
    return Panel(alt.layer(marks, texts).properties(width=720, height=height), sheet.datasets)


def titled(chart: alt.LayerChart | alt.FacetChart, title: str, width: int, height: int) -> Chart:
    """A panel of a given size in pixels."""
    return chart.properties(width=width, height=height, title=title)
