"""Compare with other pruners: `make bench-peers`, on an otherwise idle machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from bench.peers.arms import Arm, accuracy
from bench.peers.originals import SMALL, Original, Size, images, original
from bench.peers.others import Others
from bench.peers.ours import Choice, Ours
from bench.peers.page import GOALS, Found, Goal, markdown, unmet
from bench.peers.speeds import Speeds
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.data import load
from harness.prune.speed.choosing import MOST_JUDGED
from harness.spec import DataSpec

RESULT = Path(__file__).parents[1] / "results" / "peers.md"
ROUNDS = 3  # of widths, the later ones by how wrong the earlier were predicted
FIRST_S = 60.0  # of a measurement by which widths are chosen


def chosen(
    ours: Ours, first: Original, designs: Mapping[str, Path], seconds: float, progress: Progress
) -> dict[Goal, Choice]:
    """Widths of ours for each goal: of those measured to be as fast as what they answer, those that keep the most.

    By reconstruction, of the few that lose the least by the importance.
    """
    measured = Speeds.of(first.onnx, designs, seconds, progress)
    limits = {goal: measured.limits(goal.peer) for goal in GOALS}
    found = dict[Goal, Choice]()
    for round_ in range(ROUNDS):
        tried = {goal: {each.name: each for each in ours.choices(first, limits[goal])} for goal in GOALS}
        files = {name: ours.cut(first, each.widths) for some in tried.values() for name, each in some.items()}
        measured = Speeds.of(first.onnx, {**designs, **files}, seconds, progress)
        for goal, some in tried.items():
            fast = [each for name, each in some.items() if measured.as_fast(goal.peer, name)]
            few = sorted(fast, key=lambda each: each.loss)[:MOST_JUDGED]
            known = [found[goal]] if goal in found else []
            if few or known:
                found[goal] = min(few + known, key=lambda each: ours.missed(first, each.widths))
            limits[goal] = measured.corrected(goal.peer, {name: each.predicted for name, each in some.items()})
        if round_ and len(found) == len(GOALS):
            return found
    raise SystemExit("no widths of ours were measured to be as fast; run it again on an idle machine")


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
    ours, first = Ours(store, data, progress), originals[0]
    designs = {arm.design: next(iter(arm.files.values())) for arm in theirs if arm.seed == first.seed}
    choices = chosen(ours, first, designs, min(FIRST_S, size.launches_s), progress)
    arms = [ours.arm(each, choice.widths, goal.ours) for goal, choice in choices.items() for each in originals]
    made = {arm.design: arm.files["untrained"] for arm in arms if arm.seed == first.seed}
    speeds = Speeds.of(first.onnx, {**designs, **made}, size.launches_s, progress)
    widths = {goal.ours: list(choice.widths) for goal, choice in choices.items()}
    before = [accuracy(each.onnx, data) for each in originals]
    found = Found.of(before, [*theirs, *arms], data, speeds, widths)
    given.output.write_text(markdown(found, size) + "\n", encoding="utf-8")
    given.output.with_suffix(".json").write_text(json.dumps(found.told(), indent=1) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}", *unmet(found.accuracies))


if __name__ == "__main__":
    main()
