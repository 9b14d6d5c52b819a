"""How large a report's page is, and how long a browser takes to open and to sort it: `make bench-page`.

The figures go to bench/results/page.md. The runs are invented (tests/synthetic.py): what counts here is their size.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from harness.cli.terminal import print_lines, print_message
from harness.compare.results import Results
from harness.report import write
from harness.spec import Study
from tests.report.browser.visit import Visit, chromium
from tests.synthetic import World, accuracy_of, results_of

RESULT = Path(__file__).parent / "results" / "page.md"
RATIOS = {52: 11, 500: 123}
TRIES = 5
OPENED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SORTED = """async () => {
    const start = performance.now();
    document.querySelectorAll("table.main th button")[3].click();
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
}"""


def invented(ratios: int, seeds: int) -> Results:
    """Four networks, each pruned by so many ratios and trained on."""
    prune = [{"ratio": [round(0.05 + 0.9 * step / ratios, 4) for step in range(ratios)], "finetune_epochs": 1}]
    vary = {"padding": ["same", "valid"], "filters": [[32, 48, 64], [16, 24, 32]]}
    networks = [{"model": "deepcaptcha", "vary": vary, "prune": prune}]
    study = Study.model_validate({"name": "many", "seeds": list(range(seeds)), "networks": networks})
    return results_of(study, World(accuracy=accuracy_of))


def timed(page: Path) -> Iterator[tuple[float, float]]:
    """Milliseconds until the page had loaded, and from a click on a heading until the sorted table was drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for _ in range(TRIES):
            with Visit(browser, page) as visit:
                yield float(visit.page.evaluate(OPENED)), float(visit.page.evaluate(SORTED))
        browser.close()


def main() -> None:
    """Write each page, time it, and write the figures down."""
    if chromium() is None:
        print_message("bench.page: no browser is installed here; install chromium")
        sys.exit(2)
    lines = [
        "# A report's page in a browser",
        "",
        f"Made by `make bench-page`; medians of {TRIES} tries in headless Chromium, on this machine at that time.",
        "",
        "| variants | page, MB | opened, s | sorted, s |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for variants, ratios in RATIOS.items():
        with tempfile.TemporaryDirectory() as folder:
            page = write(invented(ratios, seeds=3 if variants < 100 else 1), Path(folder)).html
            opened, taken = zip(*timed(page), strict=True)
            size = page.stat().st_size / 1e6
        lines.append(f"| {variants} | {size:.2f} | {median(opened) / 1000:.2f} | {median(taken) / 1000:.2f} |")
    RESULT.write_text("\n".join(lines) + "\n")
    print_lines(*lines)


if __name__ == "__main__":
    main()
