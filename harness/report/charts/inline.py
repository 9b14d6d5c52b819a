"""A chart's SVG as it stands in a page: without what the page's style says, and with tooltips for its script."""

from __future__ import annotations

import re
from html import escape

# Vega writes these on every mark; in a page the style sets the font, and there is nothing to see in empty paths.
NEEDLESS = re.compile(
    r'<path class="(?:background|foreground)" aria-hidden="true" d="(?:M0,0h0v0h0Z)?"(?: pointer-events="none")?'
    r'(?: display="none")?/>| (?:font-family|aria-roledescription|role|class)="[^"]*"| aria-hidden="true"'
    r'| pointer-events="none"| opacity="1"| stroke-miterlimit="10"| xmlns(?::xlink)?="[^"]*"| version="1\.1"'
)
TEXT = re.compile(r'(>[^<]*<|aria-label="[^"]*")')  # what is read, of which no digit goes
LONG = re.compile(r"(\d\.\d\d)\d+")
TIP, LABEL = "data-tip", "aria-label"


def inline(svg: str, name: str) -> str:
    """The picture under its name; a mark's description becomes what its tooltip shows."""
    start, _, rest = svg.partition(">")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', start)
    assert size is not None
    parts = TEXT.split(NEEDLESS.sub("", rest))
    parts[::2] = [LONG.sub(r"\1", part) for part in parts[::2]]
    body = "".join(parts).replace(f" {LABEL}=", f" {TIP}=")
    width, height = size.groups()
    while "<g></g>" in body:
        body = body.replace("<g></g>", "")
    return (
        f'<svg role="img" {LABEL}="{escape(name)}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{body}"
    )
