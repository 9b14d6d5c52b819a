"""A chart's SVG as it stands in a page."""

from __future__ import annotations

from harness.report.charts.inline import inline


def test_what_is_read_keeps_its_digits_and_places_lose_theirs() -> None:
    """A learning rate of 0.0001 is not 0.00."""
    mark = '<path aria-label="rate 0.0001" d="M1.23456,0"/><text x="2.34567">rate 0.0005</text>'
    found = inline(f'<svg viewBox="0 0 10 10">{mark}</svg>', "a chart")
    assert '<path data-tip="rate 0.0001" d="M1.23,0"/><text x="2.34">rate 0.0005</text>' in found
