"""Colours, shapes and type of the charts: one colour a network everywhere, told apart without colour vision too."""

from __future__ import annotations

from typing import Any

# Okabe and Ito's palette without its yellow, which is too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D5D5D")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
PAPER = "#ffffff"
INK = "#1f2328"
QUIET = "#6a737d"
RULE = "#d8dee4"
ACCENT = "#0b5cad"
DIM = "#8c959f"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def color_of(index: int) -> str:
    """The colour of the network at this position; they repeat after seven."""
    return COLORS[index % len(COLORS)]


def shape_of(index: int) -> str:
    """Colour and shape together repeat only after 42 networks."""
    return SHAPES[index % len(SHAPES)]


def config() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart."""
    axis = {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": QUIET,
        "gridColor": RULE,
        "domainColor": RULE,
        "tickColor": RULE,
        "titlePadding": 8,
        "labelLimit": 260,
    }
    legend = {"labelFontSize": 11, "labelLimit": 320, "symbolSize": 70, "title": None, "labelColor": INK}
    title = {"fontSize": 13, "fontWeight": 600, "anchor": "start", "color": INK, "subtitleColor": QUIET, "offset": 10}
    return {
        "font": FONT,
        "background": PAPER,
        "aria": False,
        "axis": axis,
        "legend": {**legend, "orient": "bottom", "direction": "vertical", "columns": 2},
        "title": title,
        "view": {"stroke": None},
        "bar": {"color": COLORS[0]},
    }


def glyph_of(index: int) -> str:
    """The shape as a character, for a legend in text."""
    return "●■▲◆✚▼"[index % len(SHAPES)]
