"""What harness makes: widths by measured latency, kernels solved again from unlabelled images, one epoch at most."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.arms import Arm
from bench.peers.originals import CALIBRATION, Original, digest
from harness.base.progress import Progress
from harness.base.store import Store
from harness.base.store import digest as digest_of
from harness.data import Dataset
from harness.spec import MeasureSpec, TrainSpec

BATCH_SIZE = 32  # of the epochs with a cosine; the others may have these, too
RATES = {"adam": 3e-3, "muon": 2e-3}  # of these epochs, by the optimizer
RECONSTRUCTED = 60_000  # training images, without their labels: all of them
IMPORTANCE = "taylor"
BATCHES = (1, 32)
SHARES = (1.1, 1.08, 1.06, 1.04, 1.02, 1.0, 0.98)  # of the limits, within which widths are tried
MEASURED = MeasureSpec(device="cpu", batch_sizes=BATCHES, threads=1)


@dataclass(frozen=True)
class Choice:
    """Widths, what is predicted of them as speed-ups at each batch size, and what they lose by the importance."""

    widths: tuple[int, ...]
    predicted: tuple[float, ...]
    loss: float

    @property
    def name(self) -> str:
        """Its widths, in words."""
        return "-".join(map(str, self.widths))


@dataclass(frozen=True)
class Ours:
    """Where latency tables and finished networks are kept, and the images; `scored` are the channels by seed."""

    store: Store
    data: Dataset
    progress: Progress
    scored: dict[int, Any] = field(default_factory=dict)

    def choices(self, original: Original, limits: Sequence[float]) -> list[Choice]:
        """The widths that lose the least within shares of the original's latency, and within some around these."""
        from harness.measure.latency.model import LatencyModel
        from harness.prune.choose.decide import free_groups
        from harness.prune.data.given import Data
        from harness.prune.price.keras_network import KerasNetwork
        from harness.prune.price.offers import offers
        from harness.prune.price.pricing import Pricing
        from harness.prune.price.shopping import fan

        network = KerasNetwork.of(original.model, Data.given(None, 0))
        free = tuple(free_groups(network.found))
        table = Pricing(self.store, self.progress).table(network, free, MEASURED, "cpu", original.onnx)
        models = [LatencyModel(table, batch) for batch in BATCHES]
        on_offer = offers(models, network.channels.groups(), self._scores(original, network.found))
        found = []
        for spent in fan(models, on_offer, limits, SHARES):
            widths = on_offer.chosen(spent.choice)
            predicted = tuple(1 / float(model.ratios(widths)[0]) for model in models)
            found.append(Choice(tuple(widths[group] for group in free), predicted, spent.loss))
        return found

    def cut(self, original: Original, widths: Sequence[int]) -> Path:
        """A file of these widths, whose latency tells what a finished one's would be."""
        from harness.prune import apply

        def make(folder: Path) -> None:
            self._export(apply(original.model, self._plan(original, widths)), folder / "cut.onnx")

        inputs = {"original": digest(original), "widths": list(widths), "importance": IMPORTANCE, "code": code()}
        return self.store.get("peers-cut", inputs, make).path("cut.onnx")

    def missed(self, original: Original, widths: Sequence[int]) -> float:
        """The share of the original's outputs that these widths miss, reconstructed from unlabelled images."""
        from harness.prune.recover.judging import KerasJudge

        def make(folder: Path) -> None:
            judge = KerasJudge.of(original.model, self._images(original), original.seed)
            found = None if judge is None else judge.missed(self._plan(original, widths))
            (folder / "missed.json").write_text(json.dumps(math.inf if found is None else found), encoding="utf-8")

        inputs = {"original": digest(original), "widths": list(widths), "importance": IMPORTANCE, "code": code()}
        return float(json.loads(self.store.get("peers-missed", inputs, make).path("missed.json").read_text()))

    def arm(self, original: Original, widths: Sequence[int], name: str) -> Arm:
        """A network of these widths: reconstructed, and trained on for an epoch in each way."""
        inputs = {
            "original": digest(original), "widths": list(widths), "importance": IMPORTANCE,
            "images": [CALIBRATION, RECONSTRUCTED], "training": [BATCH_SIZE, RATES], "code": code(),
        }  # fmt: skip

        def make(folder: Path) -> None:
            with self.progress.task(f"{name}, seed {original.seed}"):
                self._make(original, widths, folder)

        made = self.store.get("peers-ours", inputs, make)
        return Arm(name, name, original.seed, {path.stem: path for path in sorted(made.folder.glob("*.onnx"))})

    def _make(self, original: Original, widths: Sequence[int], folder: Path) -> None:
        from harness.prune import apply
        from harness.prune.recover.finetune import finetune
        from harness.prune.recover.reconstruct.reconstructing import reconstruct

        plan = self._plan(original, widths)
        drawn = np.random.default_rng(original.seed).permutation(len(self.data.train_images))[:RECONSTRUCTED]
        for name, images in (("few", self._images(original)), ("untrained", self.data.train_images[drawn])):
            network = apply(original.model, plan)
            reconstruct(original.model, plan, network, [images], original.seed)
            self._export(network, folder / f"{name}.onnx")
        reconstructed = network.get_weights()
        for optimizer, rate in RATES.items():
            network.set_weights(reconstructed)
            spec = TrainSpec(epochs=1, batch_size=BATCH_SIZE, optimizer=optimizer, learning_rate=rate)
            finetune(network, self.data, spec, schedule="cosine", seed=original.seed)
            self._export(network, folder / f"{optimizer}.onnx")

    def _plan(self, original: Original, widths: Sequence[int]) -> Any:
        """The most important channels of each layer."""
        from harness.prune.choose.decide import free_groups
        from harness.prune.choose.planning import plan_of
        from harness.prune.keras_graph.trace import trace

        found = trace(original.model)
        groups, gone = free_groups(found), list[int]()
        for (group, scores), width in zip(self._scores(original, found).items(), widths, strict=True):
            channels = groups[group].channels
            gone += [channels[place] for place in np.argsort(scores, kind="stable")[: len(channels) - width]]
        return plan_of(found, found.channels.removed(gone))

    def _scores(self, original: Original, found: Any) -> Any:
        """By group; the labels that they need are the original's own answers."""
        from harness.prune.choose.decide import free_groups, scores_of
        from harness.prune.data.given import Data
        from harness.prune.recover.accuracy import outputs_of

        if original.seed not in self.scored:
            images = self._images(original)
            answers = outputs_of(original.model, images).reshape(len(images), -1).argmax(axis=1)
            data = Data.of(images, answers, original.seed)
            self.scored[original.seed] = scores_of(original.model, found, free_groups(found), IMPORTANCE, data)
        return self.scored[original.seed]

    def _images(self, original: Original) -> Any:
        return self.data.train_images[original.calibration]

    def _export(self, network: Any, path: Path) -> None:
        from harness.export.exporting import export

        export(network, path, self.data.test_images[:256])


def code() -> str:
    """What the networks depend on beside their inputs: the source of what prunes and trains."""
    root = Path(__file__).parents[2] / "harness"
    sources = [path for wing in ("prune", "training") for path in sorted((root / wing).rglob("*.py"))]
    return digest_of([path.read_text(encoding="utf-8") for path in sources])
