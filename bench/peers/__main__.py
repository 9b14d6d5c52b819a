"""Compare with other pruners: `make bench-peers`, on an otherwise idle machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bench.peers.arms import Arm, accuracy
from bench.peers.originals import SMALL, Original, Size, images, original
from bench.peers.others import Others
from bench.peers.ours import BATCHES, Ours
from bench.peers.page import GOALS, Found, Goal, markdown, unmet
from bench.peers.speeds import Speeds
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.data import load
from harness.spec import DataSpec

RESULT = Path(__file__).parents[1] / "results" / "peers.md"
ROUNDS = 3  # of widths: until ours are measured to be as fast
FIRST_S = 45.0  # of a measurement by which widths are chosen


def chosen(
    ours: Ours, originals: Sequence[Original], theirs: Sequence[Arm], size: Size, progress: Progress
) -> tuple[dict[str, list[int]], list[Arm], Speeds]:
    """Widths of ours by goal, chosen on the first original, until they are measured to be as fast as what they answer.

    And the arms of all originals at these widths, and the last measurement.
    """
    first = originals[0]
    designs = {arm.design: next(iter(arm.files.values())) for arm in theirs if arm.seed == first.seed}
    measured = Speeds.of(first.onnx, designs, min(FIRST_S, size.launches_s), progress)
    limits = {goal: measured.limits(goal.peer) for goal in GOALS}
    for round_ in range(ROUNDS):
        widths, predicted = {}, {}
        for goal in GOALS:
            widths[goal.ours], predicted[goal] = ours.widths(first, limits[goal])
        made = {goal.ours: ours.arm(first, widths[goal.ours], goal.ours).files["untrained"] for goal in GOALS}
        measured = Speeds.of(first.onnx, designs | made, size.launches_s, progress)
        slow = [goal for goal in GOALS if not measured.as_fast(goal.peer, goal.ours)]
        if not slow or round_ == ROUNDS - 1:
            break
        limits |= {goal: _corrected(measured, goal, predicted[goal]) for goal in slow}
    arms = [ours.arm(each, widths[goal.ours], goal.ours) for goal in GOALS for each in originals]
    return widths, arms, measured


def _corrected(measured: Speeds, goal: Goal, predicted: Sequence[float]) -> list[float]:
    """Limits for the prediction, by how it was wrong."""
    found = [measured.speedup(goal.ours, batch).speedup or 1.0 for batch in BATCHES]
    wrong = [each / speed for each, speed in zip(found, predicted, strict=True)]
    return [limit * each for limit, each in zip(measured.limits(goal.peer), wrong, strict=True)]


def main() -> None:
    """Make what is not there yet, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of the environment of the other pruners")
    parser.add_argument("--store", type=Path, default=Path(".harness/bench-peers"))
    parser.add_argument("--seeds", type=int, help="so many, instead of three")
    parser.add_argument("--small", action="store_true", help="few images and an epoch, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    size = SMALL if given.small else Size()
    size = Size(size.examples, size.epochs, given.seeds or size.seeds, size.launches_s)
    import_keras()
    progress, store = terminal(quiet=False), Store(given.store)
    data = load(DataSpec(name="fashion_mnist", limit=size.examples))
    others = Others(given.python, images(store, data, size), store, progress)
    originals, theirs = [], list[Arm]()
    for seed in range(size.seeds):
        originals.append(original(store, data, size, seed, progress))
        theirs += others.arms(originals[-1])
    widths, arms, speeds = chosen(Ours(store, data, progress), originals, theirs, size, progress)
    before = [accuracy(each.onnx, data) for each in originals]
    found = Found.of(before, [*theirs, *arms], data, speeds, widths)
    given.output.write_text(markdown(found, size) + "\n", encoding="utf-8")
    given.output.with_suffix(".json").write_text(json.dumps(found.told(), indent=1) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}", *unmet(found.accuracies))


if __name__ == "__main__":
    main()
