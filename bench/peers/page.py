"""The figures as a page."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.peers.arms import Arm
from bench.peers.originals import CALIBRATION, Size
from bench.peers.ours import BATCH_SIZE, BATCHES, IMPORTANCE, RATES, RECONSTRUCTED
from bench.peers.speeds import Speeds
from harness.data import Dataset
from harness.measure.runtime.environment import describe

WAYS = ("few", "untrained", "its own recovery", "plain", "cosine", "adam", "muon")
HEADS = {
    "few": f"untrained, by {CALIBRATION:,} images",
    "untrained": "untrained",
    "its own recovery": "its own recovery",
    "plain": "an epoch",
    "cosine": "with cosine",
    "adam": f"cosine, batch {BATCH_SIZE}, Adam at {RATES['adam']:g}",
    "muon": f"cosine, batch {BATCH_SIZE}, Muon at {RATES['muon']:g}",
}


@dataclass(frozen=True)
class Goal:
    """At least as fast as a peer's design: the accuracies wanted in percent, untrained and after an epoch."""

    peer: str
    untrained: float
    trained: float

    @property
    def ours(self) -> str:
        """The name of what is made for it."""
        return f"harness, as fast as {self.peer}"


GOALS = (Goal("Torch-Pruning 50 %", 89.5, 91.5), Goal("Torch-Pruning 75 %", 88.0, 90.0))


@dataclass(frozen=True)
class Found:
    """Accuracies of the originals, and of every arm by way, in percent, a list by seed; the speeds; ours' widths."""

    originals: list[float]
    accuracies: dict[str, dict[str, list[float]]]
    designs: dict[str, str]
    speeds: Speeds
    widths: dict[str, list[int]]

    @classmethod
    def of(
        cls, originals: list[float], arms: Sequence[Arm], data: Dataset, speeds: Speeds, widths: dict[str, list[int]]
    ) -> Found:
        """Evaluate every file."""
        found: dict[str, dict[str, list[float]]] = {}
        for arm in arms:
            for way, value in arm.accuracies(data).items():
                found.setdefault(arm.name, {}).setdefault(way, []).append(value)
        return cls(originals, found, {arm.name: arm.design for arm in arms}, speeds, widths)

    def told(self) -> dict[str, object]:
        """For a JSON file."""
        return {
            "originals": self.originals,
            "accuracies": self.accuracies,
            "speedups": self.speeds.told(),
            "widths": self.widths,
        }


def markdown(found: Found, size: Size) -> str:
    """The whole page."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    seeds = len(found.originals)
    command = "`make bench-peers`"
    if seeds != Size().seeds:
        command = f"`python -m bench.peers --seeds {seeds}` (`make bench-peers` has {Size().seeds})"
    return "\n".join(
        [
            "# Beside other pruners",
            "",
            f"{command} on {machine['cpu']}, {len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f}; "
            f"{versions}; theirs: [requirements.lock](../peers/theirs/requirements.lock).",
            "",
            f"`deepcaptcha` (`same` padding) on {size.examples or 70_000:,} images of Fashion-MNIST, {size.epochs} "
            f"epochs of Adam at 1e-3 in batches of 128, {_seeds(seeds)}: {_cell(found.originals)} %. All start from "
            "these weights. Accuracy on the test images in %, in onnxruntime, the mean and each seed's. Speed-ups over "
            "the original on one thread, with 95 % intervals, all in one paired run.",
            "",
            *_table(found),
            "",
            f"Untrained, ours is reconstructed from {RECONSTRUCTED:,} training images without their labels, in the "
            f"column before from {CALIBRATION:,}; channels are chosen by `{IMPORTANCE}` from the latter and the "
            "original's own answers to them. Of widths that are measured to be as fast as asked, those are taken that, "
            "reconstructed from four fifths of these images, miss the least of the original's outputs on the rest. "
            "Torch-Pruning's Taylor scores have them with their labels, onnxsim's calibration the images. "
            "*An epoch*: Adam at 1e-3, batches of 128, in *with cosine* the rate falls to nothing after "
            "a warm-up, as in the last two columns, where all are trained alike: Muon trains "
            "the kernel of the hidden Dense layer, AdamW at the same rate the rest.",
            "",
            *_goals(found),
            "",
            "ONNX files of others, whose data is not at hand, beside onnxsim: [onnxsim-files.md](onnxsim-files.md), by "
            "`make bench-shelf`.",
        ]
    )


def _table(found: Found) -> Iterable[str]:
    heads = [*(f"speed-up at {batch}" for batch in BATCHES), *HEADS.values()]
    yield f"| | {' | '.join(heads)} |"
    yield "|---|" + "---|" * len(heads)
    for name, ways in found.accuracies.items():
        shown = name + (f" ({'-'.join(map(str, found.widths[name]))})" if name in found.widths else "")
        speeds = [_speed(found, found.designs[name], batch) for batch in BATCHES]
        yield f"| {' | '.join([shown, *speeds, *(_cell(ways.get(way, [])) for way in WAYS)])} |"


def _goals(found: Found) -> Iterable[str]:
    yield "| at least as fast as | ours is faster, at 1 and 32 | untrained, wanted | got | an epoch, wanted | got |"
    yield "|---|---|---|---|---|---|"
    for goal in GOALS:
        faster = [found.speeds.against(goal.peer, goal.ours, batch) for batch in BATCHES]
        ours = found.accuracies[goal.ours]
        cells = [
            goal.peer,
            ", ".join(f"{each.speedup or 0:.2f}×" for each in faster),
            f"{goal.untrained:g}",
            _cell(ours["untrained"]),
            f"{goal.trained:g}",
            _cell(ours["muon"]),
        ]
        yield f"| {' | '.join(cells)} |"


def _speed(found: Found, design: str, batch: int) -> str:
    each = found.speeds.speedup(design, batch)
    if each.speedup is None:
        return "–"
    between = "" if each.ci_low is None or each.ci_high is None else f" [{each.ci_low:.2f}, {each.ci_high:.2f}]"
    return f"{each.speedup:.2f}{between}"


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "–"
    each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{each}"


def _seeds(count: int) -> str:
    return f"seeds 0 to {count - 1}" if count > 1 else "seed 0 alone"


def unmet(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """The goals that the means over seeds miss, a line each."""
    missed = []
    for goal in GOALS:
        for way, wanted in (("untrained", goal.untrained), ("muon", goal.trained)):
            mean = statistics.fmean(found[goal.ours][way])
            if mean < wanted:
                missed.append(f"{goal.ours}, {way}: {mean:.2f} %, wanted {wanted:g} %")
    return missed
