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
from pathlib import Path
from typing import Any, TypeVar

from harness.runtime.environment import describe

RESULT = Path(__file__).parent / "results" / "prune-resnet50.md"
COMMAND = "make bench-prune"
T = TypeVar("T")


def watched(work: Callable[[], T]) -> tuple[T, float, int]:
    """What `work` returns, the seconds it took, and by how many bytes the process grew at most meanwhile."""
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    started = time.perf_counter()
    made = work()
    seconds = time.perf_counter() - started
    return made, seconds, _resident("VmHWM") - before


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

    (decided, pruned), prune_s, prune_bytes = watched(prune)
    proof, verify_s, verify_bytes = watched(lambda: verify(model, pruned, decided))
    return {
        "model_bytes": size,
        "prune_s": prune_s,
        "prune_times_model": prune_bytes / size,
        "verify_s": verify_s,
        "verify_times_model": verify_bytes / size,
        "largest_difference": proof.largest_difference,
    }


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
        f"| {row['prune_s']:.1f} | {row['prune_times_model']:.1f} | {row['verify_s']:.1f} "
        f"| {row['verify_times_model']:.1f} | {row['largest_difference']:.1e} |"
        for row in rows
    ]
    return "\n".join(
        [
            "# ResNet50, pruned by half",
            "",
            f"`{COMMAND}` on {machine['cpu']}, {len(machine['affinity'])} CPUs; {versions}. "
            f"The weights are {rows[0]['model_bytes'] / 1e6:.0f} MB, images 224 x 224. "
            "A row is a fresh process with nothing warmed up; memory is the process's growth at its peak, in sizes of "
            "the model.",
            "",
            "| prune, s | its memory | verify, s | its memory | largest difference |",
            "|---|---|---|---|---|",
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
