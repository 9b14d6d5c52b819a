"""How long it takes to prune ResNet50 by half and to prove it, and how much memory: `make bench-prune`.

Every repetition is a process of its own, with nothing warmed up. Linux alone tells a process's peak memory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from bench import costs

RESULT = Path(__file__).parent / "results" / "prune-resnet50.md"
COMMAND = "make bench-prune"


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

    (decided, pruned), pruning = costs.watched(prune)
    proof, verifying = costs.watched(lambda: verify(model, pruned, decided))
    return {"largest_difference": proof.largest_difference, **costs.figures(size, prune=pruning, verify=verifying)}


def markdown(rows: list[dict[str, float]]) -> str:
    """The figures as a page."""
    lines = [f"| {costs.cells(row, 'prune', 'verify')} | {row['largest_difference']:.1e} |" for row in rows]
    return "\n".join(
        [
            "# ResNet50, pruned by half",
            "",
            f"{costs.conditions(COMMAND)} The weights are {rows[0]['model_bytes'] / 1e6:.0f} MB, images 224 x 224. A "
            "row is a fresh process, nothing warmed up; CPU seconds are those of all its threads, memory is its growth "
            "at its peak, in sizes of the model.",
            "",
            "| prune, s | CPU s | memory | verify, s | CPU s | memory | largest difference |",
            "|---|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write the page."""
    text = markdown(costs.main(__doc__, "bench.prune_resnet50", once))
    RESULT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
