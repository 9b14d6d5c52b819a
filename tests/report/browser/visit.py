"""A page that is open in a browser, and what went wrong in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

DESK, PHONE = (1280, 800), (390, 844)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The system's own browser; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Visit:
    """One page at one size; `faults` are requests for anything but the page, messages on the console, and errors."""

    def __init__(self, browser: Browser, path: Path, screen: tuple[int, int] = DESK, **context: Any) -> None:
        size = {"width": screen[0], "height": screen[1]}
        self.context = browser.new_context(viewport=size, offline=True, **context)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.url = path.resolve().as_uri()
        self.faults: list[str] = []
        self.page.on("request", lambda request: None if request.url == self.url else self.faults.append(request.url))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def __enter__(self) -> Visit:
        self.page.goto(self.url)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.context.close()

    def heading(self, name: str) -> Locator:
        """The button that sorts the main table by a column."""
        return self.page.locator("table.main thead").get_by_role("button", name=name, exact=True)

    def column(self, name: str) -> list[str]:
        """What stands in a column of the main table, in the rows that are shown, without notes."""
        found: list[str] = self.page.evaluate(
            """name => {
                const table = document.querySelector("table.main");
                const plain = text => text.replaceAll("\\u00a0", " ").trim();
                const at = [...table.tHead.rows[0].cells].findIndex(cell => plain(cell.textContent) === name);
                return [...table.tBodies[0].rows].filter(row => !row.hidden).map(row => plain(row.cells[at].innerText));
            }""",
            name,
        )
        return found
