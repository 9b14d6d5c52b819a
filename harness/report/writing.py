"""Write a report: everything is made first, then put in place file by file, each whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.base.crash import unfinished
from harness.base.store import disk_errors
from harness.compare import Answers, Compared, compare, compared
from harness.compare.results import Results
from harness.measure.advice import advice
from harness.report import format as fmt
from harness.report import theme
from harness.report.conditions.speed import conditions, reproduce
from harness.report.families import family_tables
from harness.report.findings import Finding, findings, lines_of
from harness.report.names import Names
from harness.report.tables.learning import learning_tables
from harness.report.tables.variants import (
    Table,
    control_table,
    crowd_table,
    environment_table,
    failure_table,
    graph_table,
    main_table,
    seed_table,
    users_of,
)

CHARTS = "charts"
PNG_SCALE = 2.0
VEGA_GLOBALS = "window.vegaEmbed = vegaEmbed;"


@dataclass(frozen=True)
class ReportPaths:
    """What was written, and what it says. `charts` are SVG and PNG files."""

    markdown: Path
    html: Path
    charts: tuple[Path, ...]
    answers: Answers
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> tuple[str, ...]:
        """What the report says first, as lines."""
        return tuple(lines_of(self.findings))

    def moved(self, old: Path, new: Path) -> ReportPaths:
        """The same where the folder `old` has become `new`."""
        markdown, html, *charts = (new / path.relative_to(old) for path in (self.markdown, self.html, *self.charts))
        return replace(self, markdown=markdown, html=html, charts=tuple(charts))


@dataclass(frozen=True)
class Drawing:
    """A figure with its picture, and the specifications of its panels for the page."""

    name: str
    title: str
    caption: str
    legend: tuple[tuple[str, str, str], ...]
    specs: tuple[str, ...]
    svg: str
    png: bytes


@dataclass(frozen=True)
class Content:
    """All that the templates show."""

    results: Results
    answers: Answers
    findings: tuple[Finding, ...]
    drawings: tuple[Drawing, ...]
    tuning_note: str
    learning: tuple[tuple[str, Table], ...]
    families: tuple[tuple[str, Table], ...]
    crowd: Table
    main: Table
    modes: tuple[tuple[str, Table], ...]
    seeds: Table
    failures: Table
    controls: Table
    advice: tuple[str, ...]
    graphs: Table | None
    conditions: tuple[tuple[str, str], ...]
    environment: Table
    reproduce: tuple[str, ...]


def write(results: Results, folder: Path) -> ReportPaths:
    """Write `report.md`, `report.html` and `charts/*.svg, *.png` into `folder`, replacing older ones.

    Raises:
        StoreError: the disk is full or `folder` can't be written.
    """
    content = gather(results)
    files: dict[str, bytes] = {}
    for drawing in content.drawings:
        files[f"{CHARTS}/{drawing.name}.svg"] = drawing.svg.encode()
        files[f"{CHARTS}/{drawing.name}.png"] = drawing.png
    files["report.md"] = render("report.md.jinja", content).encode()
    files["report.html"] = render("report.html.jinja", content, script=vega_script(), style=style()).encode()
    put(folder, files)
    charts = tuple(folder / name for name in files if name.startswith(CHARTS))
    return ReportPaths(
        folder / "report.md", folder / "report.html", charts, answers=content.answers, findings=content.findings
    )


def gather(results: Results) -> Content:
    """Everything the report shows, computed once."""
    found = compared(results)
    answers, names = found.answers, Names(found.answers)
    others = [(mode, compare(results, mode)) for mode in results.spec.modes[1:]]
    return Content(
        results=results,
        answers=answers,
        findings=findings(answers, names),
        drawings=tuple(draw(answers, names)),
        tuning_note=names.tuning_note(),
        learning=learning_tables(answers, names),
        families=family_tables(answers, names),
        crowd=crowd_table(answers, names),
        main=main_table(answers, names),
        modes=tuple((fmt.MODES[mode], main_table(other, names)) for mode, other in others),
        seeds=seed_table(answers, names),
        failures=failure_table(answers),
        controls=control_table(answers),
        advice=self_diagnosis(results, found, names),
        graphs=graph_table(results, answers, names),
        conditions=conditions(results, answers),
        environment=environment_table(results.environment),
        reproduce=reproduce(results),
    )


def self_diagnosis(results: Results, found: Compared, names: Names) -> tuple[str, ...]:
    """What the measurements say about themselves, with each file called by the first variant that it stands for."""
    users = users_of(results, found.answers, names)
    lines: list[str] = []
    for measurement, asked in zip(results.measurements, found.asked, strict=True):
        named = ((users[model.path] or [model.path])[0] for model in measurement.models)
        pairs = zip(measurement.models, named, strict=True)
        models = tuple(model.model_copy(update={"path": name}) for model, name in pairs)
        lines += advice(measurement.model_copy(update={"models": models}), asked)
    return tuple(dict.fromkeys(lines))


def draw(answers: Answers, names: Names) -> Iterable[Drawing]:
    """Draw every figure that there is something to draw for."""
    import vl_convert

    from harness.report.charts import figures

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
            specs=tuple(script_json(spec) for spec in figure.specs()),
            svg=svg,
            png=vl_convert.svg_to_png(svg, scale=PNG_SCALE),
        )


def script_json(value: Any) -> str:
    """JSON that can stand inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def vega_script() -> str:
    """Vega, Vega-Lite and vega-embed as one script, so that the page needs no network."""
    import vl_convert

    return str(vl_convert.javascript_bundle(VEGA_GLOBALS)).replace("</script", "<\\/script")


def style() -> str:
    return (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")


def render(template: str, content: Content, **extra: str) -> str:
    """Fill a template; in HTML every value is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=template.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = markdown_text
    return environment.get_template(template).render(content=content, charts=CHARTS, **extra)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph or in a table's cell."""
    one_line = " ".join(text.split())
    escaped = re.sub(r"([\\`*<>|\[\]])", r"\\\1", one_line)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder, each under a name of its own first, so that none is ever seen half-written."""
    with disk_errors(folder):
        for name, data in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished(target.with_name(f".{target.name}.unfinished")) as new:
                new.write_bytes(data)
                new.replace(target)
