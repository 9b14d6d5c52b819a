"""What the road itself costs a case, beside its work: `make bench-engine`.

1,000 cases go down the road of `harness run`, in a worker process, in this one, and on Ray with this machine as its
only node. Each stage is asked for, made in the store and read as always, but what it writes is invented
(tests/pipeline/planted.py), so that all that is left is ours.
A case is a training, an export and an evaluation. The figures go to bench/results/engine.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.base.progress import Silent
from harness.base.store import Store
from harness.cli.terminal import print_lines, print_message
from harness.data import load_all
from harness.pipeline.cases import fitting, run_cases
from harness.pipeline.engine.engine import Engine, Here
from harness.pipeline.engine.place import Work, opened, read_place
from harness.pipeline.shared import share
from harness.pipeline.stages import Stages
from harness.spec import Study
from tests.pipeline.planted import PlantedSite, cheap

RESULT = Path(__file__).parent / "results" / "engine.md"
PLACES = ("workers", "workers:2", "here", "ray")
FIRST = 100  # by then all is warm
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Point:
    """Where a run stood: seconds by the clock, on a CPU of this process and those below it, and their memory."""

    clock_s: float
    cpu_s: float
    workers_cpu_s: float
    resident_bytes: int
    workers_bytes: int

    @staticmethod
    def now() -> Point:
        """Where a run stands at this moment."""
        own = psutil.Process()
        workers = [each for each in own.children(recursive=True) if "resource_tracker" not in " ".join(each.cmdline())]
        times = [worker.cpu_times() for worker in workers]
        return Point(
            clock_s=time.perf_counter(),
            cpu_s=time.process_time(),
            workers_cpu_s=sum(each.user + each.system for each in times),
            resident_bytes=own.memory_info().rss,
            workers_bytes=sum(worker.memory_info().rss for worker in workers),
        )


class Watch(Silent):
    """Notes the point at which case `FIRST` was done, and the last."""

    def __init__(self, cases: int) -> None:
        self.cases, self.seen = cases, 0
        self.points: list[Point] = []

    def line(self, text: str, *, lasting: bool = False) -> None:
        """Every case has one row, and every row is a line."""
        self.seen += 1
        if self.seen in (FIRST, self.cases):
            self.points.append(Point.now())


def once(on: str, cases: int) -> tuple[Point, Point]:
    """One run of so many cases: where it stood at `FIRST`, and in the end."""
    network = {"model": "single_conv"}
    study = Study.model_validate(
        {"name": "trivial", "seeds": list(range(cases)), "data": {"limit": 100}, "networks": [network]}
    )
    loaded, watch = load_all(case.data for case in study.cases()), Watch(cases)
    with tempfile.TemporaryDirectory() as folder, engine(on, study, Path(folder), watch) as found:
        datasets, lost = fitting(study.cases(), loaded, found, unsafe=False)
        store = Store(Path(folder) / "store")
        stages = Stages(store, "cpu", watch, datasets, False, study.measure, study.cases(), engine=found)
        outcomes = run_cases(cheap(stages) if isinstance(found, Here) else stages, study, lost)
    if [outcome.row.error for outcome in outcomes] != [None] * cases:
        raise AssertionError(f"{on}: rows failed, such as with {outcomes[0].row.error}")
    first, last = watch.points
    return first, last


@contextmanager
def engine(on: str, study: Study, folder: Path, watch: Watch) -> Iterator[Engine]:
    """The engine that `--on` names, for jobs that invent."""
    loaded = load_all(case.data for case in study.cases())
    site = PlantedSite(study.cases(), Store(folder / "store"), "cpu", study.measure, False, folder)
    work = Work(site, lambda: share(loaded, folder), lambda: site)
    with opened(read_place(on), work, folder, watch) as found:
        yield found


def line(on: str, cases: int, tries: list[tuple[Point, Point]]) -> str:
    """A row of the table: medians of the tries."""
    counted = cases - FIRST

    def per_case_ms(field: str) -> float:
        return statistics.median(1000 * (getattr(b, field) - getattr(a, field)) / counted for a, b in tries)

    def mebibytes(field: str) -> str:
        pairs = [(getattr(first, field), getattr(last, field)) for first, last in tries]
        first, last = (statistics.median(pair[end] for pair in pairs) / MEBIBYTE for end in (0, 1))
        return f"{first:.0f} → {last:.0f} ({last / first - 1:+.1%})" if first else "–"

    times = " | ".join(f"{per_case_ms(field):.1f}" for field in ("clock_s", "cpu_s", "workers_cpu_s"))
    return f"| `{on}` | {times} | {mebibytes('resident_bytes')} | {mebibytes('workers_bytes')} |"


def main() -> None:
    """Run each place in turn, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="cases of a run; more than 100")
    parser.add_argument("--tries", type=int, default=3, help="runs of each place")
    parser.add_argument("--on", nargs="+", default=PLACES, help="where: as of `harness run`")
    asked = parser.parse_args()
    if asked.cases <= FIRST or asked.tries < 1:
        print_message(f"bench.engine: give more than {FIRST} --cases, and at least one of --tries")
        sys.exit(2)
    load = psutil.getloadavg()[0]
    tries: dict[str, list[tuple[Point, Point]]] = {on: [] for on in asked.on}
    for _ in range(asked.tries):
        for on in asked.on:
            tries[on].append(once(on, asked.cases))
    lines = [
        "# What the road costs a case",
        "",
        f"Made by `make bench-engine`: {asked.cases:,} cases whose stages write invented records, medians of",
        f"{asked.tries} runs, from case {FIRST} on. A case is three jobs: a training, an export, an evaluation.",
        f"The machine had {psutil.cpu_count()} CPUs and a load of {load:.1f} when it began, which the clock shows,",
        "and CPU time does not.",
        "Memory is that of the process that steers, and of its workers together, Ray's own among them, at that case",
        "and in the end, in MiB.",
        "",
        "| `--on` | a case, ms | its CPU here, ms | in workers, ms | memory here | of the workers |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(line(on, asked.cases, each) for on, each in tries.items()),
    ]
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print_lines(*lines)


if __name__ == "__main__":
    main()
