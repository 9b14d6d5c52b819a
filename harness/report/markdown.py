"""The text: the same report as Markdown, with the charts as pictures beside it."""

from __future__ import annotations

import re

from harness.report.content import Content
from harness.report.template import fill

# The folder of the pictures, from where the text lies.
CHARTS = "charts"


def text(content: Content) -> str:
    """The whole text."""
    return fill("report.md.jinja", {"md": markdown_text}, content=content, charts=CHARTS)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph or in a table's cell."""
    one_line = " ".join(text.split())
    escaped = re.sub(r"([\\`*<>|\[\]])", r"\\\1", one_line)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)
