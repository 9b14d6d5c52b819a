"""What each importance keeps of a network's accuracy, without any training after it: `make bench-importance`.

The figures go to bench/results/importances.md. Every pruning starts from the same trained network of its seed, and
`random` is the mean over five draws.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from harness.cli.terminal import print_lines, terminal
from harness.measure.runtime.environment import describe
from harness.spec import Importance
from tests.prune.choose.test_ranking import SEEDS, accuracy, digits, pruned_accuracy, random_accuracy, trained

IMPORTANCES = get_args(Importance)
RESULT = Path(__file__).parent / "results" / "importances.md"
AMOUNTS = {
    "a quarter of every layer": (0.25, False),
    "half of every layer": (0.5, False),
    "a quarter, `--global`": (0.25, True),
    "half, `--global`": (0.5, True),
}


def row(importance: str, ratio: float, everywhere: bool) -> str:
    """The accuracies of all seeds, in percent."""
    if importance == "random":
        found = [random_accuracy(seed, ratio, everywhere) for seed in SEEDS]
    else:
        found = [pruned_accuracy(seed, importance, ratio, everywhere) for seed in SEEDS]
    return ", ".join(f"{100 * value:.0f}" for value in found)


def main() -> None:
    """Measure, and write the page."""
    before = ", ".join(f"{100 * accuracy(trained(seed), digits()):.0f}" for seed in SEEDS)
    versions = ", ".join(f"{name} {version}" for name, version in describe()["versions"].items() if version)
    lines = [
        "# What each importance keeps",
        "",
        f"`make bench-importance`: `deepcaptcha` on {len(digits().train_images):,} digits, three epochs, seeds "
        f"{', '.join(map(str, SEEDS))}: {before} % right before. Accuracy after pruning, in %, with no training after "
        f"it; `random` is the mean of five draws. {versions}.",
        "",
        "| | " + " | ".join(AMOUNTS) + " |",
        "|---|" + "---|" * len(AMOUNTS),
    ]
    with terminal(quiet=False).task("prune", total=len(IMPORTANCES) * len(AMOUNTS)) as task:
        for importance in IMPORTANCES:
            cells = []
            for amount in AMOUNTS.values():
                cells.append(row(importance, *amount))
                task.advance(note=importance)
            lines.append(f"| `{importance}` | " + " | ".join(cells) + " |")
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print_lines(f"Figures: {RESULT}")


if __name__ == "__main__":
    main()
