"""How long the table and the report of a large run take: `make bench-table`. The figures go to bench/results/table.md.

The runs are invented (tests/synthetic.py), 10,000 rows each: as many variants with one seed, a tenth of them with ten.
Networks that differ in how they were trained share their graphs, as they do in a real study.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.base.store import file_digest
from harness.cli.terminal import print_lines
from harness.compare.comparing import compared
from harness.compare.kept import KEPT_FILE
from harness.compare.results import RESULTS_FILE, Results, read_results
from harness.pipeline.rows import planned
from harness.records import Row
from harness.report import write
from harness.spec import Study
from tests.synthetic import ENVIRONMENT, EXAMPLE_SET, World, digest, make_measurements, make_row

RESULT = Path(__file__).parent / "results" / "table.md"
RATES = {1: 50, 10: 5}  # learning rates that are tried, by the number of seeds
RATIOS = 18  # with the original, and that trained on, 20 rows a case
FILTERS = ([32, 48, 64], [16, 24, 32], [24, 32, 48], [16, 16, 32], [48, 48, 64])


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of a CPU."""

    clock: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.clock:.1f} | {self.cpu:.1f}"


def invented(seeds: int, rates: int, ratios: int = RATIOS) -> Results:
    """Ten architectures, each trained at so many learning rates with so many seeds, and pruned by so many ratios."""
    prune = [{"ratio": [round(0.05 + 0.9 * step / ratios, 4) for step in range(ratios)], "finetune_epochs": 1}]
    vary = {
        "padding": ["same", "valid"],
        "filters": list(FILTERS),
        "train.learning_rate": [round(1e-4 * (step + 1), 6) for step in range(rates)],
    }
    networks = [{"model": "deepcaptcha", "vary": vary, "prune": prune}]
    study = Study.model_validate({"name": "large", "seeds": list(range(seeds)), "networks": networks})
    world = World()
    rows = [_sharing(make_row(world, row)) for case in study.cases() for row in planned(case)]
    return Results(
        study=study.name,
        question="",
        spec=study.measure,
        environment=ENVIRONMENT,
        rows=tuple(rows),
        measurements=tuple(make_measurements(world, study.measure, rows)),
        example_sets={row.examples: EXAMPLE_SET for row in rows if row.examples is not None},
    )


def _sharing(row: Row) -> Row:
    """The row, with the graph of all that differ from it in how they were trained alone."""
    assert row.export is not None
    amount = "original" if row.prune is None else str(row.prune.ratio)
    graph = digest(f"{row.case.options['padding']} {row.case.options['filters']} {amount}")
    return row.model_copy(update={"export": row.export.model_copy(update={"architecture": graph})})


def command(*words: str) -> Spent:
    """A command of ours, from its start to its end."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness", *words], check=True, stdout=subprocess.DEVNULL)
    after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return Spent(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def here(what: str, run: Path) -> Spent:
    """A part of it in this process: reading the results, comparing them, or the report of what was compared."""
    results = read_results(run) if what != "read" else None
    found = compared(results) if what == "report" and results is not None else None
    clock, cpu = time.perf_counter(), time.process_time()
    if results is None:
        read_results(run)
    elif found is None:
        compared(results)
    else:
        with tempfile.TemporaryDirectory() as folder:
            write(results, Path(folder), found)
    return Spent(time.perf_counter() - clock, time.process_time() - cpu)


def lines_of(seeds: int, rates: int) -> list[str]:
    """A row of the table for each thing that is timed."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        results = invented(seeds, rates)
        (run / RESULTS_FILE).write_text(results.model_dump_json(indent=1))
        variants = len({(row.case.network, row.variant) for row in results.rows})
        graphs = len({row.export.architecture for row in results.rows if row.export is not None})
        size = (run / RESULTS_FILE).stat().st_size / 1e6
        what = f"{len(results.rows):,} rows: {variants:,} variants, {seeds} seed{'s' * (seeds > 1)}, {graphs} graphs"
        timed = {
            "`harness results --format csv`, computed": command("results", str(run), "--format", "csv"),
            "`harness report`": command("report", str(run)),
        }
        assert (run / KEPT_FILE).is_file()
        assert file_digest(run / RESULTS_FILE) in (run / KEPT_FILE).read_text()[:1000]
        timed["`harness results --format csv`, as a run leaves it"] = command("results", str(run), "--format", "csv")
        timed |= {f"of that: {each}": here(each, run) for each in ("read", "compare", "report")}
        page = (run / "report.html").stat().st_size / 1e6
    head = [f"| **{what}**; results.json {size:.0f} MB, page {page:.1f} MB | | |"]
    return [*head, *(f"| {name} | {spent} |" for name, spent in timed.items())]


def main() -> None:
    """Time both runs, and write the figures down."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    load = psutil.getloadavg()[0]
    lines = [
        "# The table and the report of a large run",
        "",
        f"Made by `make bench-table` on {os.cpu_count()} CPUs with a load of {load:.1f}, of which the clock tells and",
        "CPU seconds don't. A run leaves the rows of its table beside its results, from which `harness results` reads",
        "them while both are of the same bytes; computed means without those. A report shows at most 500 variants.",
        "",
        "| | s | CPU, s |",
        "| --- | ---: | ---: |",
    ]
    for seeds, rates in RATES.items():
        lines += lines_of(seeds, rates)
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print_lines(*lines)


if __name__ == "__main__":
    main()
