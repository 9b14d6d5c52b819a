"""How large a report's page is, and how long a browser takes to open and to sort it: `make bench-page`.

The figures go to bench/results/page.md. The runs are invented (tests/synthetic.py): what counts here is their size.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

from harness.cli.terminal import print_lines, print_message
from harness.compare.results import Results
from harness.report import write
from harness.spec import Study
from tests.report.browser.visit import Visit, chromium
from tests.synthetic import World, accuracy_of, pictured, results_of

RESULT = Path(__file__).parent / "results" / "page.md"
RATIOS = {52: 11, 500: 123}
TRIES = 5
DRAWN = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
SORT = f"document.querySelectorAll('table.main th button')[3].click(), {DRAWN}"


@dataclass(frozen=True)
class Times:
    """Seconds to open the page and to sort its table, each until that is drawn: by the clock, and on the page's thread.

    The second does not depend on what else the machine does.
    """

    open: float
    open_cpu: float
    sort: float
    sort_cpu: float


def invented(ratios: int, seeds: int) -> Results:
    """Four networks, each pruned by so many ratios and trained on."""
    prune = [{"ratio": [round(0.05 + 0.9 * step / ratios, 4) for step in range(ratios)], "finetune_epochs": 1}]
    vary = {"padding": ["same", "valid"], "filters": [[32, 48, 64], [16, 24, 32]]}
    networks = [{"model": "deepcaptcha", "vary": vary, "prune": prune}]
    study = Study.model_validate({"name": "many", "seeds": list(range(seeds)), "networks": networks})
    return pictured(results_of(study, World(accuracy=accuracy_of)))


def timed(page: Path) -> Iterator[Times]:
    """Each try in a context of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for _ in range(TRIES):
            visit = Visit(browser, page)
            session = visit.context.new_cdp_session(visit.page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            clock, cpu = [time.perf_counter()], [0.0]
            for act in (lambda visit=visit: visit.page.goto(visit.url), lambda visit=visit: visit.page.evaluate(SORT)):
                act()
                visit.page.evaluate(DRAWN)
                clock.append(time.perf_counter())
                found = session.send("Performance.getMetrics")["metrics"]
                cpu.append(next(each["value"] for each in found if each["name"] == "TaskDuration"))
            visit.context.close()
            yield Times(clock[1] - clock[0], cpu[1], clock[2] - clock[1], cpu[2] - cpu[1])
        browser.close()


def main() -> None:
    """Write each page, time it, and write the figures down."""
    if chromium() is None:
        print_message("bench.page: no browser is installed here; install chromium")
        sys.exit(2)
    lines = [
        "# A report's page in a browser",
        "",
        f"Made by `make bench-page`; medians of {TRIES} tries in headless Chromium, until all is drawn. CPU is",
        "that of the page's thread, which does not depend on what else the machine does.",
        "",
        "| variants | page, MB | open, s | its CPU, s | sort, s | its CPU, s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for variants, ratios in RATIOS.items():
        with tempfile.TemporaryDirectory() as folder:
            page = write(invented(ratios, seeds=3 if variants < 100 else 1), Path(folder)).html
            tries = list(timed(page))
            size = page.stat().st_size / 1e6
        medians = [median(getattr(each, field.name) for each in tries) for field in fields(Times)]
        lines.append(f"| {variants} | {size:.2f} | {' | '.join(f'{value:.2f}' for value in medians)} |")
    RESULT.write_text("\n".join(lines) + "\n")
    print_lines(*lines)


if __name__ == "__main__":
    main()
