"""Do widths chosen by latency keep more of a network's answers than uniform ones as fast? `make bench-agreement`.

ResNet50 at 96x96 is trained on enlarged pieces of clothing, asked to be so many times as fast, and compared with
uniform pruning by the least share that is as fast, measured in the same processes. Answers are those on test images, as
cut and with the kernels solved again. The trained network is kept in the store, so that it is trained once. The figures
go to bench/results/agreement.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.base.crash import scratch
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.data import Dataset, load
from harness.measure.comparison import Comparison
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.spec import DataSpec, PruneSpec, SpeedSpec, TrainSpec

keras = import_keras()

from harness.prune.api import apply, plan, prune_to_speed  # noqa: E402 - Keras comes first, quietly
from harness.prune.data.given import Data  # noqa: E402
from harness.prune.keras_graph.cost.macs import macs  # noqa: E402
from harness.prune.keras_graph.trace import trace  # noqa: E402
from harness.prune.price.keras_network import exported  # noqa: E402
from harness.prune.price.pricing import Pricing  # noqa: E402
from harness.prune.recover.reconstruct.reconstructing import reconstruct  # noqa: E402
from harness.prune.recover.recovery import taken  # noqa: E402
from harness.records import ChannelPlan  # noqa: E402

RESULT = Path(__file__).parent / "results" / "agreement.md"
IMPORTANCE = "taylor"
RATIOS = tuple(share / 100 for share in range(20, 61, 5))  # of uniform pruning
IMAGES = 1_000  # to reconstruct from
AS_FAST = 0.98  # of the speed of what was chosen by latency: so much is no difference


@dataclass(frozen=True)
class Cut:
    """A pruned network: how it was chosen, its plan, and its measured speed-up."""

    chosen: str
    plan: ChannelPlan
    model: Any
    speedup: str


def interval(found: Comparison) -> str:
    """A speed-up with its interval."""
    return f"{found.speedup:.2f} ({found.ci_low:.2f} to {found.ci_high:.2f}), {found.verdict}"


def trained(data: Dataset, store: Store, epochs: int) -> Any:
    """ResNet50, trained on the data: from the store where it was trained before."""
    spec = TrainSpec(epochs=epochs, batch_size=32)

    def make(folder: Path) -> None:
        from harness.training.train import train

        keras.utils.set_random_seed(0)
        model = keras.applications.ResNet50(weights=None, input_shape=data.image_shape, classes=10)
        train(model, data.train_images, data.train_labels, spec, seed=0, progress=terminal(quiet=False))
        model.save(folder / "model.keras")

    inputs = {"data": data.digest, "train": spec.model_dump(mode="json"), "keras": keras.__version__}
    return keras.saving.load_model(store.get("bench-agreement", inputs, make).path("model.keras"))


def cuts(model: Any, data: Dataset, target: float, store: Store, progress: Progress) -> Iterator[Cut]:
    """What is chosen by latency, and the least uniform pruning that is measured to be as fast."""
    given = Data.of(data.train_images, data.train_labels, 0)
    asked = SpeedSpec(speedup=target, device="cpu", importance=IMPORTANCE)
    by_latency = prune_to_speed(model, asked, Pricing(store, progress), data=given)
    plans = [by_latency.plan]
    for ratio in RATIOS:
        spec = PruneSpec(ratio=ratio, importance=IMPORTANCE)
        plans.append(plan(model, spec, examples=given.examples[0], labels=given.labels[0]))
    with scratch() as folder:
        files = [folder / f"{number}.onnx" for number in range(len(plans) + 1)]
        for file, decided in zip(files, [None, *plans], strict=True):
            exported(model if decided is None else apply(model, decided), file)
        found = measure(files, asked.measuring, progress=progress).compare_all()
    speeds = [each.speedup or 0.0 for each in found]
    wanted = AS_FAST * speeds[0]
    uniform = next((place for place in range(1, len(speeds)) if speeds[place] >= wanted), len(speeds) - 1)
    names = ("by latency", f"uniform, {100 * RATIOS[uniform - 1]:.0f} %")
    for name, place in zip(names, (0, uniform), strict=True):
        yield Cut(name, plans[place], apply(model, plans[place]), interval(found[place]))


def work(model: Any) -> int:
    """Multiply-accumulates of one example."""
    return sum(each or 0 for each in macs(trace(model).graph).values())


def rows(model: Any, data: Dataset, found: Cut) -> Iterator[str]:
    """A row as cut, and one with the kernels solved again."""
    images = data.test_images
    wanted = model.predict(images, batch_size=64, verbose=0)
    kept = 100 * work(found.model) / work(model)
    for way in ("as cut", "reconstructed"):
        if way == "reconstructed":
            reconstruct(model, found.plan, found.model, taken(data, IMAGES, 0), 0)
        answers = found.model.predict(images, batch_size=64, verbose=0)
        same = 100 * float(np.mean(answers.argmax(axis=1) == wanted.argmax(axis=1)))
        right = 100 * float(np.mean(answers.argmax(axis=1) == data.test_labels))
        yield f"| {found.chosen} | {found.speedup} | {kept:.0f} | {way} | {same:.1f} | {right:.1f} |"


def main() -> None:
    """Train where it must be, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speedup", type=float, default=1.8)
    parser.add_argument("--examples", type=int, default=6_000, help="train and judge on so many images together")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--store", type=Path, default=Path(".harness"))
    parser.add_argument("--train", action="store_true", help="only train")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    data = load(DataSpec(name="fashion_mnist", resize=(96, 96), limit=given.examples))
    store, progress = Store(given.store), terminal(quiet=False)
    model = trained(data, store, given.epochs)
    if given.train:
        return
    environment = describe()
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    answers = model.predict(data.test_images, batch_size=64, verbose=0).argmax(axis=1)
    lines = [
        "# What a ResNet50 that is faster still answers",
        "",
        f"`make bench-agreement` on {environment['cpu']}, {environment['cpus']} CPUs, one thread, batch 1; {versions}. "
        f"Load before: {environment['load_1_min']:.1f}. ResNet50 at 96x96, trained for {given.epochs} epochs on "
        f"{len(data.train_images):,} enlarged images of Fashion-MNIST: "
        f"{100 * np.mean(answers == data.test_labels):.1f} % of {len(data.test_images):,} test images are right. Asked "
        f"to be {given.speedup:g} times as fast, by "
        f"`{IMPORTANCE}`; uniform pruning by the least share (in steps of 5 %) that is as fast in the same processes. "
        f"*Reconstructed*: from {IMAGES:,} unlabelled training images. *Same*: the share of test images that get the "
        "original's answer.",
        "",
        "| widths | measured | MACs kept, % | kernels | same, % | right, % |",
        "|---|---|---|---|---|---|",
    ]
    for found in cuts(model, data, given.speedup, store, progress):
        lines += rows(model, data, found)
    given.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}")


if __name__ == "__main__":
    main()
