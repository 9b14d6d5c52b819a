"""The frontier at one glance: what is shipped today, what to ship instead, and all else in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt

from harness.compare import TOLERATED_LOSS
from harness.report.charts import theme
from harness.report.charts.figure import Data, Panel, Rows
from harness.report.charts.labels import Label, placed, words_at
from harness.report.charts.points import Point
from harness.report.charts.scales import log_ticks, padded

CROWD = 60  # with more points than this, only those that matter show their intervals
TOLERANCE = f"{100 * TOLERATED_LOSS:g} point below the original"
COLORS = {"reference": theme.INK, "choice": theme.ACCENT, "": theme.DIM}


@dataclass(frozen=True)
class Size:
    """Width and height of the plot in pixels, and whether all of the frontier is labelled."""

    width: int
    height: int
    labelled: bool


WIDE, NARROW = Size(640, 330, True), Size(292, 218, False)


def overview_panel(points: Sequence[Point], size: Size) -> Panel:
    """Accuracy against latency with both intervals, at a size; the dashed line is the frontier."""
    low = 0.88 * min(point.latency_low for point in points)
    high = 1.12 * max(point.latency_high for point in points)
    bottom, top = padded([value for point in points for value in (point.low, point.high)], 0.06)
    top = min(100.5, top)
    sheet = Data("overview")
    axis = alt.Axis(values=log_ticks(low, high), format=",~r", grid=False)
    x = alt.X("latency:Q", title="Latency, µs (log scale)", axis=axis)
    y = alt.Y("accuracy:Q", title="Accuracy, %", axis=alt.Axis(tickCount=6))
    x = x.scale(type="log", domain=[low, high], nice=False)
    y = y.scale(domain=[bottom, top], nice=False)
    least = _least(points, bottom)
    layers = [*_marks(points, x, y, sheet), *_tolerance(least, sheet)]
    layers += _labels(points, ((low, high, bottom, top), least), size, x, y, sheet)
    return Panel(alt.layer(*layers).properties(width=size.width, height=size.height), sheet.datasets)


def _least(points: Sequence[Point], bottom: float) -> float | None:
    """The accuracy of the reference less what may be lost; None where that is below the chart."""
    reference = next((point for point in points if point.role == "reference"), None)
    least = reference.accuracy - 100 * TOLERATED_LOSS if reference is not None else bottom
    return least if least > bottom else None


def _tolerance(least: float | None, sheet: Data) -> list[alt.Chart]:
    """A line at what may be lost against the reference."""
    if least is None:
        return []
    base = sheet.chart([{"least": least, "text": TOLERANCE}])
    y = alt.Y("least:Q")
    return [
        base.mark_rule(color=theme.QUIET, strokeDash=[1, 3], strokeWidth=1).encode(y=y),
        base.mark_text(align="left", dx=4, dy=9, fontSize=10.5, color=theme.QUIET).encode(
            y=y, x=alt.value(0), text="text:N"
        ),
    ]


def _marks(points: Sequence[Point], x: alt.X, y: alt.Y, sheet: Data) -> list[alt.Chart]:
    """Intervals and points, those that matter on top."""
    rows: Rows = [point.row() for point in sorted(points, key=lambda point: list(COLORS)[::-1].index(point.role))]
    base = sheet.chart(rows)
    known = sheet.chart(row for row in rows if len(rows) <= CROWD or row["on"] or row["role"])
    color = alt.Color("role:N", legend=None).scale(domain=list(COLORS), range=list(COLORS.values()))
    joined = sheet.chart(row for row in rows if row["on"])
    fill = alt.condition("datum.on || datum.role != ''", color, alt.value(theme.PAPER))
    large = alt.condition("datum.role != ''", alt.value(130), alt.value(48))
    faint = alt.condition("datum.role != ''", alt.value(0.9), alt.value(0.45))
    return [
        joined.mark_line(interpolate="step-after", strokeDash=[4, 3], strokeWidth=1.2, color=theme.DIM).encode(
            x=x, y=y
        ),
        known.mark_rule(strokeWidth=1.3).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=color, opacity=faint),
        known.mark_rule(strokeWidth=1.3).encode(
            x=alt.X("latency_low:Q"), x2="latency_high:Q", y=y, color=color, opacity=faint
        ),
        base.mark_point(aria=True, strokeWidth=1.5, opacity=1).encode(
            x=x,
            y=y,
            color=color,
            fill=fill,
            size=large,
            shape=alt.Shape("role:N", legend=None).scale(domain=list(COLORS), range=["square", "circle", "circle"]),
            description="tip:N",
        ),
    ]


def _labels(
    points: Sequence[Point],
    scale: tuple[tuple[float, float, float, float], float | None],
    size: Size,
    x: alt.X,
    y: alt.Y,
    sheet: Data,
) -> list[alt.Chart]:
    """Names beside the points, as far as there is room beside the words at the line of what may be lost."""
    shown, least = scale
    words = [] if least is None else [words_at(TOLERANCE, least, shown, (size.width, size.height))]
    order = {"choice": 0, "reference": 1, "": 2}
    wanted = [point for point in points if point.role or (size.labelled and point.number is not None)]
    named = wanted if size.labelled else [_shorter(point) for point in wanted]
    ordered = sorted(named, key=lambda point: order[point.role])
    found = placed(ordered, points, shown, (size.width, size.height), words)
    ends = [(each, each.leader(shown, (size.width, size.height))) for each in found]
    leaders = [_leader(each.point, end, x, y, sheet) for each, end in ends if end is not None]
    return [*leaders, *(_label(each, x, y, sheet) for each in found)]


def _shorter(point: Point) -> Point:
    return replace(point, label="original") if point.role == "reference" else point


def _leader(point: Point, end: tuple[float, float], x: alt.X, y: alt.Y, sheet: Data) -> alt.Chart:
    """A thin line from a point to its name."""
    base = sheet.chart([{**point.row(), "at_latency": end[0], "at_accuracy": end[1]}])
    rule = base.mark_rule(strokeWidth=0.8, color=COLORS[point.role] if point.role else theme.QUIET)
    made: alt.Chart = rule.encode(x=x, y=y, x2="at_latency:Q", y2="at_accuracy:Q")
    return made


def _label(label: Label, x: alt.X, y: alt.Y, sheet: Data) -> alt.Chart:
    point = label.point
    style: dict[str, Any] = {"fontSize": 12.5 if point.role else 11, "fontWeight": 600 if point.role else "normal"}
    color = COLORS[point.role] if point.role else theme.QUIET
    base = sheet.chart([{**point.row(), "told": point.label}])
    text = base.mark_text(align=label.align, dx=label.dx, dy=label.dy, color=color, **style)
    made: alt.Chart = text.encode(x=x, y=y, text="told:N")
    return made
