"""Figures drawn: as pictures for files, and as specifications for a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.compare import Answers
from harness.report.charts import figures, theme
from harness.report.charts.figure import Spec
from harness.report.names import Names

PNG_SCALE = 2.0


@dataclass(frozen=True)
class Drawing:
    """A figure with its picture, and the specifications of its panels for the page."""

    name: str
    title: str
    caption: str
    legend: tuple[tuple[str, str, str], ...]
    specs: tuple[Spec, ...]
    svg: str
    png: bytes


def draw(answers: Answers, names: Names) -> Iterable[Drawing]:
    """Draw every figure that there is something to draw for."""
    import vl_convert

    order = list(names.networks.values())
    for figure in figures(answers, names):
        svg = vl_convert.vegalite_to_svg(figure.picture(names), allowed_base_urls=[])
        yield Drawing(
            name=figure.name,
            title=figure.title,
            caption=figure.caption,
            legend=tuple(
                (name, theme.color_of(order.index(name)), theme.glyph_of(order.index(name))) for name in figure.legend
            ),
            specs=tuple(figure.specs()),
            svg=svg,
            png=vl_convert.svg_to_png(svg, scale=PNG_SCALE),
        )
