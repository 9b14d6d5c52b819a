"""The small study's page in a real browser: the system's own Chromium, without a window and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from harness.report import ReportPaths
from tests.report.browser.visit import Visit, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium()
    if found is None:
        pytest.skip("no browser is installed here; install chromium to test the page in it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, written: ReportPaths) -> Iterator[Visit]:
    """The page on a screen of 1,280 × 800; at the end of a test, all that it did must have been without fault."""
    with Visit(browser, written.html) as opened:
        yield opened
    assert opened.faults == []
