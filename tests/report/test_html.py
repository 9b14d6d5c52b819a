"""The page."""

from __future__ import annotations

import json

from harness.report.html import script_json
from tests.report.page import Page


def test_the_page_loads_nothing(page: Page) -> None:
    """No address of another file, and a policy that forbids it."""
    outside = [(tag, attrs) for tag, attrs in page.tags if attrs.get("src") or (attrs.get("href") and tag != "a")]
    assert outside == []
    policy = next(attrs for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'")


def test_every_chart_on_the_page_is_whole_json(page: Page) -> None:
    assert len(page.specs) == 10
    for text in page.specs:
        spec = json.loads(text)
        assert spec["datasets"]
        assert spec["config"]["background"] == "#ffffff"


def test_json_in_a_script_can_not_end_it() -> None:
    text = script_json({"name": "</script><!--&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": "</script><!--&\u2028"}
