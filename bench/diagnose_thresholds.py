"""Where the thresholds of `harness diagnose` come from: `python -m bench.diagnose_thresholds`, about ten minutes.

Each series turns one knob, measures what a check looks at before any training, and then trains for three epochs, or
eight where weights shrink slowly. The tables go to bench/results/diagnose-thresholds.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from bench.diagnose_measures import dead, inverse, outpaced, outweighed, surprise
from bench.diagnose_series import EPOCHS, EXAMPLES, SERIES, Series
from harness.diagnose.checks.data.rows import similarity
from harness.diagnose.checks.signal.activations import growth, shrinkage
from harness.diagnose.checks.signal.gradients import fading
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.optimizers import with_rate
from harness.diagnose.question.question import read_question
from harness.stats.learned import chance_level, learned
from tests.diagnose.cases import held_out
from tests.diagnose.cases.case import SPARSE, Asked, digits, fitted
from tests.diagnose.cases.healthy import HEALTHY
from tests.diagnose.cases.networks import single

RESULTS = Path(__file__).parent / "results"
APPLICATION_NAMES = ("MobileNetV3Large", "EfficientNetB1")  # minutes, for what the sweep says already


@dataclass(frozen=True)
class Point:
    """What was measured, and how the training went."""

    name: str
    value: float | None
    accuracies: tuple[float, ...]
    learned: bool

    @property
    def row(self) -> str:
        """In a table of Markdown."""
        value = "none" if self.value is None else f"{self.value:.3g}"
        accuracies = ", ".join(f"{100 * accuracy:.0f} %" for accuracy in self.accuracies)
        return f"| {self.name} | {value} | {accuracies} | {'yes' if self.learned else 'no'} |"


def tried(name: str, make: Callable[[], Asked], series: Series, seed: int) -> Point:
    """Measure, then train."""
    keras.utils.set_random_seed(seed)
    given = make()
    question = read_question(given.model, given.images, given.labels, **given.options)
    value = series.measure(Evidence(question))
    model = given.model
    targets = given.labels.reshape((-1, *model.output_shape[1:-1]))
    model.compile(
        optimizer=with_rate(question.optimizer, question.learning_rate),
        loss=SPARSE,
        metrics=["accuracy"],
        jit_compile=False,
    )
    history = model.fit(given.images, targets, batch_size=64, epochs=series.epochs, verbose=0).history
    accuracies = tuple(history["accuracy"])
    judged = learned(accuracies[-1], chance_level(given.labels), len(targets), history["loss"])
    keras.backend.clear_session()
    return Point(name, value, accuracies, judged)


def rows() -> list[str]:
    """How alike rows of a trained kernel are that belong to neighbouring pixels, and rows at any other distance."""
    lines = ["| filters | at the right distance | best at another |", "|---|---|---|"]
    for filters in (4, 8, 16, 32):
        keras.utils.set_random_seed(filters)
        model = fitted(single(filters=filters), digits(limit=EXAMPLES))
        kernel = np.asarray(model.get_layer("dense_1").get_weights()[0])
        found = similarity(kernel, 2 * filters + 32)
        others = np.delete(found, filters - 1).max()
        lines.append(f"| {filters} | {found[filters - 1]:.2f} | {others:.2f} |")
    return lines


def extremes() -> list[str]:
    """The furthest that any healthy network goes towards each threshold."""
    measures = {"activations-shrink": shrinkage, "activations-explode": growth, "gradients-vanish": inverse(fading)}
    measures |= {"dead-units": dead, "output-saturated": surprise}
    measures |= {"penalty-drowns-loss": outweighed, "weight-decay-high": outpaced}
    furthest = dict.fromkeys(measures, (0.0, ""))
    for case in (*HEALTHY, *held_out.HEALTHY):
        if case.name in APPLICATION_NAMES:
            continue
        keras.utils.set_random_seed(1)
        given = case.make()
        evidence = Evidence(read_question(given.model, given.images, given.labels, **{"loss": SPARSE, **given.options}))
        for kind, measure in measures.items():
            furthest[kind] = max(furthest[kind], (measure(evidence), case.name))
        sys.stderr.write(f"healthy: {case.name}\n")
        keras.backend.clear_session()
    rows = [f"| {kind} | {value:.3g} | {name} |" for kind, (value, name) in furthest.items()]
    return ["| | furthest | network |", "|---|---|---|", *rows]


def main() -> None:
    """Run every series, and write after each what is finished."""
    lines = [
        "# Where the thresholds of `harness diagnose` come from",
        "",
        f"Made by `python -m bench.diagnose_thresholds`: {EXAMPLES} digits, {EPOCHS} epochs of batches of 64 (8 of "
        "penalties and decay), Adam; "
        f"Keras {keras.__version__} on {keras.backend.backend()}. `learned` as in harness/stats/learned.py.",
    ]
    for series in SERIES:
        lines += ["", f"## {series.title}", "", f"| | {series.measured} | accuracy of each epoch | learned |"]
        lines.append("|---|---|---|---|")
        for seed, (name, make) in enumerate(series.points):
            point = tried(name, make, series, seed)
            sys.stderr.write(f"{series.title}: {point.row}\n")
            lines.append(point.row)
        write(lines)
    lines += ["", "## rows-misordered: correlation of rows of a trained kernel after Flatten", "", *rows()]
    write(lines)
    lines += ["", "## The healthy networks: how far any of them goes", ""]
    lines += ["gradients-vanish as last gradient / first gradient.", "", *extremes()]
    write(lines)


def write(lines: Sequence[str]) -> None:
    """After each series, since what is finished is worth keeping."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "diagnose-thresholds.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
