"""A page of hundreds of variants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.page import RATIOS, invented
from harness.report import write
from tests.report.browser.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.slow
def test_five_hundred_variants_open_sort_and_filter(browser: Browser, tmp_path: Path) -> None:
    """How fast is for `make bench-page` to say."""
    page = write(invented(RATIOS[500], seeds=1), tmp_path).html
    with Visit(browser, page) as visit:
        visit.heading("Parameters").click()
        rising = [int(text.replace(",", "")) for text in visit.column("Parameters")]
        assert len(rising) == 500
        assert rising == sorted(rising)
        visit.page.get_by_label("Search").fill("valid 16-24-32 trained on")
        assert len(visit.column("Network")) == 1
        assert visit.faults == []
