"""The numbers of those on the frontier: beside their points, and in a key below."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from harness.report.charts import theme
from harness.report.charts.figure import PANEL_HEIGHT, PANEL_WIDTH, Chart, Data, Rows

TOUCHING = 17  # pixels: points nearer than this share a label
LETTERS = PANEL_WIDTH // 6  # of a line of the key: Vega's own limit measures each line again and again


def number_labels(rows: Rows, across: tuple[float, float], up: tuple[float, float]) -> list[dict[str, Any]]:
    """The frontier's numbers; those whose points nearly touch share one label, such as `7-8`, at the last of them.

    `across` and `up` are what the panel shows, from lowest to highest: latencies in µs and accuracies in %.
    """
    numbered = sorted((row for row in rows if row["on"]), key=lambda row: int(row["number"]))

    def place(row: dict[str, Any]) -> tuple[float, float]:
        along = math.log(row["latency"] / across[0]) / math.log(across[1] / across[0])
        return PANEL_WIDTH * along, PANEL_HEIGHT * (row["accuracy"] - up[0]) / (up[1] - up[0])

    clusters: list[list[dict[str, Any]]] = []
    for row in numbered:
        if clusters and math.dist(place(clusters[-1][-1]), place(row)) < TOUCHING:
            clusters[-1].append(row)
        else:
            clusters.append([row])
    return [{**each[-1], "label": _span(each[0]["number"], each[-1]["number"])} for each in clusters]


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def number_key(rows: Rows, sheet: Data) -> Chart:
    """What the frontier's numbers stand for."""
    numbered = sorted((row for row in rows if row["on"]), key=lambda row: int(row["number"]))
    lines = [
        {
            "line": row["number"],
            "number": f"{row['number']}.",
            "text": cut(f"{row['network']}, {row['variant']}", f": {row['accuracy']:.1f} %, {row['latency_text']}"),
        }
        for row in numbered
    ]
    y = alt.Y("line:Q", axis=None, scale=alt.Scale(domain=[0.5, len(lines) + 0.5], reverse=True))
    base = sheet.chart(lines).encode(y=y)
    style: dict[str, Any] = {"fontSize": 11, "color": theme.INK}
    numbers = base.mark_text(align="right", **style).encode(x=alt.value(10), text="number:N")
    texts = base.mark_text(align="left", **style).encode(x=alt.value(16), text="text:N")
    return alt.layer(numbers, texts).properties(width=PANEL_WIDTH, height=17 * len(lines))


def cut(name: str, figures: str) -> str:
    """A name with its figures, as far as a line of the key holds it: the figures stay whole."""
    room = LETTERS - len(figures)
    return f"{name if len(name) <= room else f'{name[: room - 1]}…'}{figures}"
