"""The first screen of a run's report as a picture, for the README: `make picture`."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.cli.terminal import print_lines, print_message
from tests.report.browser.visit import Visit, chromium

SCALE = 1.5  # pixels of the picture for one of the screen


def main() -> None:
    """Take it: `python -m bench.picture RUN PICTURE.png`."""
    from playwright.sync_api import sync_playwright

    if len(sys.argv) != 3 or not (page := Path(sys.argv[1]) / "report.html").exists():
        print_message("bench.picture: give the folder of a run with a report.html, and the picture's file")
        sys.exit(2)
    if chromium() is None:
        print_message("bench.picture: no browser is installed here; install chromium")
        sys.exit(2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        with Visit(browser, page, device_scale_factor=SCALE) as visit:
            visit.page.screenshot(path=sys.argv[2])
        browser.close()
    print_lines(f"Picture: {sys.argv[2]}")


if __name__ == "__main__":
    main()
