"""The page: one HTML file with its style and its charts' script, so that it needs no network."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from harness.report.content import Content
from harness.report.template import TEMPLATES, fill

VEGA_GLOBALS = "window.vegaEmbed = vegaEmbed;"


def page(content: Content) -> str:
    """The whole page."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    filters = {"script_json": script_json}
    return fill("report.html.jinja", filters, content=content, script=vega_script(), style=style)


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
