"""The frontier as a picture: character accuracy against measured speed-up."""

from __future__ import annotations

from typing import Any

import altair as alt

from bench.text_lines.page import Found
from harness.report.charts.drawing import svg_of

INK = "#1f2933"


def chart(found: Found) -> str:
    """An SVG with a dot for the original and each target; bars are 95 % intervals."""
    dots = [{"speed": 1.0, **_accuracy(found.original.accuracy), "network": "original"}]
    for dot in found.lines:
        speed = {"speed": dot.speed.speedup, "slowest": dot.speed.ci_low, "fastest": dot.speed.ci_high}
        dots.append({**speed, **_accuracy(dot.solved.accuracy), "network": "pruned"})
    x = {"field": "speed", "type": "quantitative", "title": "times as fast, measured", "scale": {"zero": False}}
    y = {"field": "accuracy", "type": "quantitative", "title": "character accuracy, %", "scale": {"zero": False}}
    color = {"field": "network", "type": "nominal", "title": None, "scale": {"range": [INK, "#2f6fb0"]}}
    bars = [
        {"mark": "rule", "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color}},
        {
            "mark": "rule",
            "encoding": {"x": {**x, "field": "slowest"}, "x2": {"field": "fastest"}, "y": y, "color": color},
        },
    ]
    points = {"mark": {"type": "point", "filled": True, "size": 60}, "encoding": {"x": x, "y": y, "color": color}}
    spec: dict[str, Any] = {
        "$schema": alt.SCHEMA_URL,
        "data": {"values": dots},
        "width": 460,
        "height": 280,
        "layer": [*bars, points],
    }
    return svg_of(spec)


def _accuracy(found: Any) -> dict[str, float]:
    return {"accuracy": found.estimate, "low": found.low, "high": found.high}
