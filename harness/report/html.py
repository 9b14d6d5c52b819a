"""The page: one HTML file with its style, its pictures and a small script of its own, so that it needs no network."""

from __future__ import annotations

from harness.report import format as fmt
from harness.report.content import Content
from harness.report.template import TEMPLATES, fill


def page(content: Content) -> str:
    """The whole page."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    return fill("report.html.jinja", {}, content=content, script=script, style=style, facts=facts(content))


def facts(content: Content) -> tuple[str, ...]:
    """What the run is, in a few words each."""
    answers = content.answers
    seeds = {seed.seed for variant in answers.variants for seed in variant.seeds}
    devices = dict.fromkeys(device for variant in answers.variants for device in variant.devices)
    return (
        content.results.study,
        fmt.plural(len(answers.variants), "variant"),
        fmt.plural(len(seeds), "seed"),
        *(fmt.device(device) for device in devices),
    )
