"""What closed-form reconstruction wins back, and what it costs: `make bench-reconstruct`.

`deepcaptcha` on all of Fashion-MNIST, pruned to uniform widths: accuracy as it was cut, with its kernels solved again,
and after an epoch of fine-tuning. Then the seconds and the memory that ResNet50 takes, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.costs import watched
from harness.cli.terminal import print_lines, terminal
from harness.measure.runtime.environment import describe

RESULT = Path(__file__).parent / "results" / "reconstruct.md"
COMMAND = "make bench-reconstruct"
IMPORTANCES = ("l2", "taylor")
RATIOS = (0.5, 0.75)
IMAGES = (1_500, 5_000)


@dataclass(frozen=True)
class Size:
    """How large it all is: the bench itself, or a small one that shows that it runs."""

    examples: int | None = None
    epochs: int = 6
    seeds: int = 3
    resnet_images: int = 512
    resnet_side: int = 224


SMALL = Size(examples=2_100, epochs=1, seeds=1, resnet_images=16, resnet_side=64)


class Trained:
    """`deepcaptcha` with one seed, trained, and what becomes of it. Accuracies are in percent."""

    def __init__(self, data: Any, size: Size, seed: int) -> None:
        import keras

        import models
        from harness.spec import TrainSpec
        from harness.training.train import train

        self.data, self.seed = data, seed
        keras.utils.set_random_seed(seed)
        self.model = models.build("deepcaptcha", input_shape=(28, 28, 1), n_class=10, padding="same")
        self.spec = TrainSpec(epochs=size.epochs, batch_size=128, learning_rate=1e-3)
        train(self.model, data.train_images, data.train_labels, self.spec, seed=seed)

    @cached_property
    def accuracy(self) -> float:
        """That of the original."""
        return self._judged(self.model)

    def row(self, importance: str, ratio: float, advance: Callable[[], None]) -> dict[str, float]:
        """What the cut network comes to in every way, by column."""
        from harness.prune.choose.planning import random_plan_like
        from harness.prune.keras_graph.copies import copied
        from harness.prune.keras_graph.trace import trace
        from harness.prune.recover.recalibrate import recalibrate

        decided, cut = self._cut(importance, ratio)
        found = {"cut": self._judged(cut)}
        measured = copied(cut)
        if recalibrate(measured, self.data.train_images):
            found["recalibrated"] = self._judged(measured)
        advance()
        for images in IMAGES:
            solved = self._reconstructed(decided, cut, images)
            found[f"reconstructed, {images:,}"] = self._judged(solved)
            advance()
        arbitrary = random_plan_like(trace(self.model), decided, self.seed)
        found["random, reconstructed"] = self._judged(self._reconstructed(arbitrary, self._apply(arbitrary), IMAGES[0]))
        advance()
        solved = self._reconstructed(decided, cut, IMAGES[0])
        for start, network in (("cut", cut), ("reconstructed", solved)):
            for schedule in ("constant", "cosine"):
                found[f"{start}, {schedule}"] = self._judged(self._tuned(network, schedule))
                advance()
        return found

    def _cut(self, importance: str, ratio: float) -> tuple[Any, Any]:
        from harness.prune import plan
        from harness.prune.data.given import Data
        from harness.spec import PruneSpec

        given = Data.of(self.data.train_images, self.data.train_labels, self.seed)
        spec = PruneSpec(ratio=ratio, importance=importance)  # type: ignore[arg-type]
        decided = plan(self.model, spec, examples=given.examples[0], labels=given.labels[0], seed=self.seed)
        return decided, self._apply(decided)

    def _apply(self, decided: Any) -> Any:
        from harness.prune import apply

        return apply(self.model, decided)

    def _reconstructed(self, decided: Any, cut: Any, images: int) -> Any:
        from harness.prune.keras_graph.copies import copied
        from harness.prune.recover.reconstruct.reconstructing import reconstruct
        from harness.prune.recover.recovery import taken

        solved = copied(cut)
        reconstruct(self.model, decided, solved, taken(self.data, images, self.seed), self.seed)
        return solved

    def _tuned(self, network: Any, schedule: Any) -> Any:
        from harness.prune.keras_graph.copies import copied
        from harness.prune.recover.finetune import finetune

        tuned = copied(network)
        finetune(tuned, self.data, self.spec.model_copy(update={"epochs": 1}), schedule=schedule, seed=self.seed)
        return tuned

    def _judged(self, network: Any) -> float:
        from harness.prune.recover.accuracy import accuracy

        return 100 * accuracy(network, self.data)


def accuracies(size: Size) -> tuple[list[float], dict[tuple[float, str], list[dict[str, float]]]]:
    """Those of the originals, and by ratio and importance those of what they were pruned to, a dict for each seed."""
    from harness.data import load
    from harness.spec import DataSpec

    data = load(DataSpec(name="fashion_mnist", limit=size.examples))
    originals: list[float] = []
    found: dict[tuple[float, str], list[dict[str, float]]] = {}
    with terminal(quiet=False).task("reconstruct", total=size.seeds * (1 + 8 * len(RATIOS) * len(IMPORTANCES))) as task:
        for seed in range(size.seeds):
            trained = Trained(data, size, seed)
            originals.append(trained.accuracy)
            task.advance(note=f"seed {seed}")
            for ratio, importance in ((ratio, importance) for ratio in RATIOS for importance in IMPORTANCES):
                found.setdefault((ratio, importance), []).append(trained.row(importance, ratio, task.advance))
    return originals, found


def resnet(images: int, side: int) -> dict[str, float]:
    """What ResNet50, pruned by half, costs to reconstruct, in this process."""
    import keras

    from harness.prune import apply, plan
    from harness.prune.recover.reconstruct.reconstructing import reconstruct
    from harness.spec import PruneSpec

    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(weights=None, input_shape=(side, side, 3))
    decided = plan(model, PruneSpec(ratio=0.5))
    cut = apply(model, decided)
    pixels = np.random.default_rng(0).random((images, side, side, 3), dtype=np.float32)
    found, cost = watched(lambda: reconstruct(model, decided, cut, [pixels]))
    return {
        "seconds": cost.seconds, "cpu_seconds": cost.cpu_seconds, "growth_bytes": cost.growth_bytes,
        "solved": len(found.solved), "kept": len(found.kept), "model_bytes": 4 * model.count_params(),
        "image_bytes": pixels.nbytes,
    }  # fmt: skip


def resnet_apart(size: Size) -> dict[str, float]:
    """The same in a fresh process, nothing warmed up."""
    command = [sys.executable, "-m", "bench.reconstruct", "--resnet", str(size.resnet_images), str(size.resnet_side)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(found: dict[tuple[float, str], list[dict[str, float]]]) -> Iterable[str]:
    """A row for each way; a column for each ratio and importance, with the mean and each seed."""
    yield "| | " + " | ".join(f"{100 * ratio:g} %, `{importance}`" for ratio, importance in found) + " |"
    yield "|---|" + "---|" * len(found)
    for way in next(iter(found.values()))[0]:
        cells = []
        for rows in found.values():
            values = [row[way] for row in rows]
            each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
            cells.append(f"{statistics.fmean(values):.1f}{each}")
        yield f"| {way} | " + " | ".join(cells) + " |"


def markdown(size: Size) -> str:
    """The figures as a page."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    originals, found = accuracies(size)
    cost = resnet_apart(size)
    before = ", ".join(f"{value:.1f}" for value in originals)
    load = f"load {os.getloadavg()[0]:.1f} (0 to 2 is calm)"
    return "\n".join(
        [
            "# What reconstruction wins back, and what it costs",
            "",
            f"`{COMMAND}` on {machine['cpu']}, {len(machine['affinity'])} CPUs, {load}; {versions}.",
            "",
            f"`deepcaptcha` (`same` padding) on {size.examples or 70_000:,} images of Fashion-MNIST, {size.epochs} "
            f"epochs of Adam at 1e-3 in batches of 128: {before} % with seeds 0 to {size.seeds - 1}.",
            "",
            "Accuracy on the test images in %, the mean and each seed's. *reconstructed, N*: from N unlabelled "
            "training images, with no training; *random, reconstructed*: random channels of the same widths, from "
            f"{IMAGES[0]:,}. The last four rows: one epoch on all training images from the cut network, or from that "
            f"which was reconstructed from {IMAGES[0]:,}, at a constant learning rate of 1e-3, or with a cosine from "
            "there to nothing. The network has no BatchNormalization, so recalibration changes nothing of it.",
            "",
            *table(found),
            "",
            f"ResNet50 pruned by half, {size.resnet_images} random images of {size.resnet_side} x {size.resnet_side} "
            f"pixels, a fresh process: {cost['seconds']:.0f} s ({cost['cpu_seconds']:.0f} CPU seconds of all threads), "
            f"growth at the peak {cost['growth_bytes'] / 1e9:.2f} GB beyond the model "
            f"({cost['model_bytes'] / 1e6:.0f} MB) and the images ({cost['image_bytes'] / 1e6:.0f} MB). "
            f"{cost['solved']:.0f} layers solved, {cost['kept']:.0f} kept.",
            "",
        ]
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small one, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULT, help="the page")
    parser.add_argument("--resnet", type=int, nargs=2, metavar=("IMAGES", "SIDE"), help="ResNet50 alone, as JSON")
    asked = parser.parse_args()
    if asked.resnet:
        sys.stdout.write(json.dumps(resnet(*asked.resnet)) + "\n")
        return
    asked.output.write_text(markdown(SMALL if asked.small else Size()), encoding="utf-8")
    print_lines(f"Figures: {asked.output}")


if __name__ == "__main__":
    main()
