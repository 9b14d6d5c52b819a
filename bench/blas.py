"""What linear algebra by several threads costs beside a process that does the same: `make bench-blas`.

Processes that factorise a matrix and solve with it, alone or two at once, each by one thread or by as many as there are
cores: the figures behind harness/base/blas.py go to bench/results/blas.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from harness.cli.terminal import print_lines
from harness.measure.runtime.environment import describe, usable_cpus

RESULT = Path(__file__).parent / "results" / "blas.md"
ROWS = (217, 1024, 2048)  # of a convolution of 24 channels, 3 x 3; of larger ones
OUTPUTS = 64
AT_ONCE = (1, 2)


def spent(rows: int, seconds: float) -> float:
    """Milliseconds that a solution takes on average in this process, as many threads as its environment says."""
    import numpy as np
    from scipy import linalg

    chance = np.random.default_rng(0)
    some = chance.standard_normal((rows, rows))
    gram, wanted = some @ some.T + rows * np.eye(rows), chance.standard_normal((rows, OUTPUTS))
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        linalg.cho_solve(linalg.cho_factor(gram, lower=True, check_finite=False), wanted, check_finite=False)
        count += 1
    return 1000 * (time.perf_counter() - start) / count


def of_processes(rows: int, threads: int, at_once: int, seconds: float) -> float:
    """The same of so many processes side by side, their mean."""
    command = [sys.executable, "-m", "bench.blas", "--rows", str(rows), "--seconds", str(seconds)]
    environment = {"OPENBLAS_NUM_THREADS": str(threads)}
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environment) for _ in range(at_once)]
    return sum(float(process.communicate()[0]) for process in started) / at_once


def table(seconds: float) -> Iterator[str]:
    """A row for each size."""
    threads = (1, usable_cpus())
    heads = [f"{count} at once, {each} thread{'s' * (each > 1)} each" for count in AT_ONCE for each in threads]
    yield f"| rows | {' | '.join(heads)} |"
    yield f"|---{'|---' * len(heads)}|"
    for rows in ROWS:
        found = [of_processes(rows, each, count, seconds) for count in AT_ONCE for each in threads]
        yield f"| {rows:,} | {' | '.join(f'{each:.2f}' for each in found)} |"


def main() -> None:
    """Measure, and write the page; or as one of the processes, say what a solution takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="measure this process alone")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    given = parser.parse_args()
    if given.rows is not None:
        print_lines(str(spent(given.rows, given.seconds)))
        return
    machine = f"{describe()['cpu']}, {usable_cpus()} CPUs"
    what = f"Milliseconds to factorise a matrix of so many rows and to solve for {OUTPUTS} columns."
    lines = ["# Threads of linear algebra", "", f"`make bench-blas` on {machine}. {what}", ""]
    RESULT.write_text("\n".join([*lines, *table(given.seconds), ""]), encoding="utf-8")
    print_lines(f"Figures: {RESULT}")


if __name__ == "__main__":
    main()
