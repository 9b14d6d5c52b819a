"""What a piece of work costs in a fresh process: seconds, CPU seconds, memory. Linux alone tells the peak of memory."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.measure.runtime.environment import describe

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: by the clock, in all threads together, and at its peak beyond what was there."""

    seconds: float
    cpu_seconds: float
    growth_bytes: int


def watched(work: Callable[[], T]) -> tuple[T, Cost]:
    """What `work` returns, and its cost."""
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    started, cpu_started = time.perf_counter(), time.process_time()
    made = work()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    return made, Cost(seconds, cpu_seconds, _resident("VmHWM") - before)


def _resident(field: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def figures(size_bytes: int, **costs: Cost) -> dict[str, float]:
    """Costs as numbers, by name; memory in sizes of the model."""
    found: dict[str, float] = {"model_bytes": size_bytes}
    for name, cost in costs.items():
        found[f"{name}_s"], found[f"{name}_cpu_s"] = cost.seconds, cost.cpu_seconds
        found[f"{name}_times_model"] = cost.growth_bytes / size_bytes
    return found


def cells(row: Mapping[str, float], *names: str) -> str:
    """The cells of a table for some of these costs: seconds, CPU seconds, memory of each."""
    return " | ".join(
        f"{row[f'{name}_s']:.1f} | {row[f'{name}_cpu_s']:.1f} | {row[f'{name}_times_model']:.1f}" for name in names
    )


def conditions(command: str) -> str:
    """How the figures were made, and on what."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    return (
        f"`{command}` on {machine['cpu']}, {len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f} (what else "
        f"ran at the time; 0 to 2 is calm); {versions}."
    )


def main(about: str | None, module: str, once: Callable[[], dict[str, float]]) -> list[dict[str, float]]:
    """The command of a bench: the figures of so many repetitions, each in a fresh process, which prints its own."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--once", action="store_true", help="one repetition in this process, as JSON")
    parser.add_argument("--times", type=int, default=3, help="repetitions")
    asked = parser.parse_args()
    if asked.once:
        sys.stdout.write(json.dumps(once()) + "\n")
        sys.exit()
    command = [sys.executable, "-m", module, "--once"]
    return [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(asked.times)
    ]
