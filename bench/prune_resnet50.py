"""How long it takes to prune ResNet50 by half and to prove it, and how much memory: `make bench-prune`.

Every repetition is a process of its own, with nothing warmed up. Linux alone tells a process's peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from harness.measure.runtime.environment import describe

RESULT = Path(__file__).parent / "results" / "prune-resnet50.md"
COMMAND = "make bench-prune"
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


def once() -> dict[str, float]:
    """One repetition, in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from harness.prune import apply, plan, verify
    from harness.spec import PruneSpec

    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(weights=None)
    size = 4 * model.count_params()  # float32

    def prune() -> tuple[Any, Any]:
        decided = plan(model, PruneSpec(ratio=0.5))
        return decided, apply(model, decided)

    (decided, pruned), pruning = watched(prune)
    proof, verifying = watched(lambda: verify(model, pruned, decided))
    figures: dict[str, float] = {"model_bytes": size, "largest_difference": proof.largest_difference}
    for name, cost in {"prune": pruning, "verify": verifying}.items():
        figures[f"{name}_s"], figures[f"{name}_cpu_s"] = cost.seconds, cost.cpu_seconds
        figures[f"{name}_times_model"] = cost.growth_bytes / size
    return figures


def repeated(times: int) -> list[dict[str, float]]:
    """So many repetitions, each in a fresh process."""
    command = [sys.executable, "-m", "bench.prune_resnet50", "--once"]
    return [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(times)
    ]


def markdown(rows: list[dict[str, float]]) -> str:
    """The figures as a page."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    cells = [
        "| "
        + " | ".join(
            f"{row[f'{name}_s']:.1f} | {row[f'{name}_cpu_s']:.1f} | {row[f'{name}_times_model']:.1f}"
            for name in ("prune", "verify")
        )
        + f" | {row['largest_difference']:.1e} |"
        for row in rows
    ]
    return "\n".join(
        [
            "# ResNet50, pruned by half",
            "",
            f"`{COMMAND}` on {machine['cpu']}, {len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f} (what "
            f"else ran at the time; 0 to 2 is calm); {versions}. The weights are "
            f"{rows[0]['model_bytes'] / 1e6:.0f} MB, images 224 x 224. A row is a fresh process, nothing warmed up; "
            "CPU seconds are those of all its threads, memory is its growth at its peak, in sizes of the model.",
            "",
            "| prune, s | CPU s | memory | verify, s | CPU s | memory | largest difference |",
            "|---|---|---|---|---|---|---|",
            *cells,
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="one repetition in this process, as JSON")
    parser.add_argument("--times", type=int, default=3, help="repetitions")
    asked = parser.parse_args()
    if asked.once:
        sys.stdout.write(json.dumps(once()) + "\n")
        return
    text = markdown(repeated(asked.times))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
