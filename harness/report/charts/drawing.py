"""Figures drawn: as pictures for files, and as SVG that stands in a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.compare import Answers
from harness.report.charts import figures, theme
from harness.report.charts.figure import Figure, Spec, whole
from harness.report.charts.inline import inline
from harness.report.charts.overview import NARROW, WIDE, Size, overview_panel
from harness.report.charts.points import Point, drawable, left_out, points_of
from harness.report.names import Names

PNG_SCALE = 2.0


@dataclass(frozen=True)
class Drawing:
    """A figure with its picture for files, and its panels as SVG for a page."""

    name: str
    title: str
    caption: str
    legend: tuple[tuple[str, str, str], ...]
    panels: tuple[str, ...]
    svg: str
    png: bytes


@dataclass(frozen=True)
class Overview:
    """The frontier of one arena at one batch size for the head of a page, as SVG for a wide and a narrow screen."""

    title: str
    caption: str
    wide: str
    narrow: str


def draw(answers: Answers, names: Names, note: str = "") -> Iterable[Drawing]:
    """Draw every figure that there is something to draw for; `note` ends what is said of each."""
    import vl_convert

    order = list(names.networks.values())
    for figure in figures(answers, names):
        svg = svg_of(figure.picture(names))
        yield Drawing(
            name=figure.name,
            title=figure.title,
            caption=f"{figure.caption} {note}".rstrip(),
            legend=tuple(
                (name, theme.color_of(order.index(name)), theme.glyph_of(order.index(name))) for name in figure.legend
            ),
            panels=_panels(figure),
            svg=svg,
            png=vl_convert.svg_to_png(svg, scale=PNG_SCALE),
        )


def _panels(figure: Figure) -> tuple[str, ...]:
    number = len(figure.panels)
    return tuple(
        inline(svg_of(spec), figure.title if number == 1 else f"{figure.title}, part {index} of {number}")
        for index, spec in enumerate(figure.specs(), 1)
    )


def overviews(answers: Answers, names: Names, note: str = "") -> tuple[Overview, ...]:
    """One for each choice, in their order; `note` ends what is said of each."""
    several = len({choice.arena for choice in answers.choices}) > 1
    made = []
    for choice in answers.choices:
        points = points_of(choice, answers, names)
        title = f"Batch {choice.batch}" + (f", {choice.arena}" if several else "")
        hidden = drawable(answers, choice.arena, choice.batch, (choice.variant, choice.reference))[1]
        caption = f"{left_out(hidden, names)} {note}".strip()
        made.append(Overview(title, caption, *(overview(points, title, size) for size in (WIDE, NARROW))))
    return tuple(made)


def overview(points: tuple[Point, ...], title: str, size: Size) -> str:
    """These points as SVG for a page."""
    panel = overview_panel(points, size)
    name = f"Accuracy against latency, {title}: {len(points)} variants"
    return inline(svg_of(whole(panel.spec, panel.datasets, "transparent")), name)


def svg_of(spec: Spec) -> str:
    """A Vega-Lite specification as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
