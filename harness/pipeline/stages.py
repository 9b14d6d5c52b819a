"""Each stage as an artifact in the store, keyed by what it is made from; Keras is imported where one is made."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import models
from harness.base.crash import step
from harness.base.progress import Progress
from harness.base.store import Artifact, Store, file_digest
from harness.data import Dataset
from harness.measure.accuracy import evaluate
from harness.measure.files.model_file import read_model
from harness.measure.latency.conditions import conditions
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.pipeline.made_by import made_by
from harness.pipeline.networks import (
    export_saved,
    fresh_keras,
    judged_in_keras,
    load_keras,
    model_options,
    original_keras,
)
from harness.pipeline.onnx_files import keep, open_inputs, prune_into, take_over
from harness.pipeline.precision import Asked, in_precision
from harness.pipeline.saving import save
from harness.pipeline.widths import chosen, like_keras, like_onnx, of_keras, of_onnx, plan_of, uniform
from harness.records import ChosenWidths, Pruning, Training
from harness.spec import Case, Device, MeasureSpec, Precision, PruneSpec, Schedule, SpeedSpec

# What a measurement depends on beside its models; the rest of an environment changes from minute to minute.
MACHINE = ("versions", "platform", "cpu", "cpu_flags", "affinity", "cgroup_cpus")


@dataclass(frozen=True)
class Stages:
    """Each stage as an artifact: the same inputs find what was made before.

    `datasets` are each case's, by its name, in the shape that its network takes. `unsafe` lets code inside a file run.
    `measuring` and `cases` are the study's: widths by latency are chosen under its conditions, once for all seeds.
    """

    store: Store
    device: Device
    progress: Progress
    datasets: Mapping[str, Dataset]
    unsafe: bool = False
    measuring: MeasureSpec = field(default_factory=MeasureSpec)
    cases: tuple[Case, ...] = ()

    def train(self, case: Case) -> Artifact:
        """The trained original: training.json, accuracy.json in Keras, and model.keras where anything follows."""
        if case.onnx is not None:
            return self._get("take_onnx", {"file": read_model(case.onnx).sha256}, partial(take_over, case.onnx))
        if case.file is not None:
            return self._taken_over(case, case.file)
        dataset = self.datasets[case.name]
        options = model_options(case, dataset)
        kept = case.deploy or bool(case.prune)

        def make(folder: Path) -> None:
            from harness.training.train import train

            keras = fresh_keras()
            keras.utils.set_random_seed(case.seed)
            model = models.build(case.model, **options)
            training = train(
                model,
                dataset.train_images,
                dataset.train_labels,
                case.train,
                seed=case.seed,
                held_out=(dataset.test_images, dataset.test_labels),
                progress=self.progress,
            )
            if kept:
                model.save(folder / "model.keras")
            save(training, folder / "training.json")
            save(judged_in_keras(model, dataset), folder / "accuracy.json")

        inputs = {
            "model": case.model,
            "options": options,
            "data": dataset.digest,
            "train": case.train.model_dump(mode="json"),
            "seed": case.seed,
            "kept": kept,
            "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        }
        return self._get("train", inputs, make)

    def _taken_over(self, case: Case, file: Path) -> Artifact:
        """A network that was trained elsewhere: a copy of its file, and its accuracy in Keras."""
        dataset = self.datasets[case.name]

        def make(folder: Path) -> None:
            from harness.training.train import untrained

            shutil.copyfile(file, folder / "model.keras")
            model = load_keras(folder / "model.keras", self.unsafe)
            save(untrained(model), folder / "training.json")
            save(judged_in_keras(model, dataset), folder / "accuracy.json")

        return self._get("train", {"file": file_digest(file), "data": dataset.digest}, make)

    def train_on(self, case: Case, epochs: int, trained: Artifact) -> Artifact:
        """The original, trained on as pruned variants are fine-tuned: tuning.json, and model.keras or accuracy.json.

        The network is kept where it goes on to ONNX, else judged in Keras.
        """
        schedule = case.longer_schedule(epochs)

        def make(folder: Path) -> None:
            model = load_keras(trained.path("model.keras"), self.unsafe)
            save(self._tuned(model, case, epochs, schedule), folder / "tuning.json")
            if case.deploy:
                model.save(folder / "model.keras")
            else:
                save(judged_in_keras(model, self.datasets[case.name]), folder / "accuracy.json")

        inputs = {**self._tuning_inputs(case, trained), "epochs": epochs, "kept": case.deploy}
        inputs |= {} if schedule == "constant" else {"schedule": schedule}
        return self._get("train_on", inputs, make)

    def widths(self, case: Case, spec: PruneSpec) -> Artifact:
        """The widths chosen by latency, for all seeds of a network by one of them: widths.json."""
        if spec.baseline == "uniform":
            return self._uniform(case, spec.model_copy(update={"baseline": None}))
        lead = self.lead(case)
        trained, dataset = self.train(lead), self.datasets[lead.name]
        fed = self._fed(case)
        asked = SpeedSpec.of(spec, self.measuring.model_copy(update={"device": self.device, "inputs": fed}))

        def make(folder: Path) -> None:
            if case.onnx is not None:
                choose = of_onnx(trained.path("model.onnx"), asked, dataset, lead.seed)
            else:
                original = original_keras(trained.path("model.keras"), self.unsafe)
                choose = of_keras(original, asked, dataset, lead.seed)
            save(chosen(choose, asked, self.store, self.progress), folder / "widths.json")

        inputs = {
            "trained": trained.key,
            "data": dataset.digest,
            "seed": lead.seed,
            "asked": asked.model_dump(mode="json"),
            "conditions": conditions(asked.measuring, self.device),
        }
        return self._get("widths", inputs, make)

    def _uniform(self, case: Case, spec: PruneSpec) -> Artifact:
        """The same share off every layer, as fast as the widths that a spec asks for: widths.json."""
        found, trained = self.widths(case, spec), self.train(self.lead(case))

        def make(folder: Path) -> None:
            if case.onnx is not None:
                like = like_onnx(trained.path("model.onnx"))
            else:
                like = like_keras(original_keras(trained.path("model.keras"), self.unsafe))
            widths = uniform(like, found.record("widths.json", ChosenWidths), self.store, self.progress)
            save(widths, folder / "widths.json")

        return self._get("uniform", {"widths": found.key}, make)

    def lead(self, case: Case) -> Case:
        """The first seed of the case's network whose training learned; the case itself where none is known to."""
        for each in self.cases:
            if each.network == case.network and self.train(each).record("training.json", Training).learned is not False:
                return each
        return case

    def prune(self, case: Case, spec: PruneSpec, trained: Artifact) -> Artifact:
        """A pruned and fine-tuned variant: model.keras, or model.onnx of an ONNX file, and pruning.json."""
        if case.onnx is not None:
            return self._get("prune_onnx", self._pruning_inputs(case, spec, trained), self._pruner(case, spec, trained))

        def make(folder: Path) -> None:
            model, record = self._pruned(case, spec, trained)
            model.save(folder / "model.keras")
            save(record, folder / "pruning.json")

        return self._get("prune", self._pruning_inputs(case, spec, trained), make)

    def try_out(self, case: Case, spec: PruneSpec, trained: Artifact) -> Artifact:
        """A pruned and fine-tuned variant that is judged in Keras and not kept: pruning.json, accuracy.json."""

        def make(folder: Path) -> None:
            model, record = self._pruned(case, spec, trained)
            save(record, folder / "pruning.json")
            save(judged_in_keras(model, self.datasets[case.name]), folder / "accuracy.json")

        return self._get("try_out", self._pruning_inputs(case, spec, trained), make)

    def _pruner(self, case: Case, spec: PruneSpec, trained: Artifact) -> Callable[[Path], None]:
        """What prunes an ONNX file."""

        def make(folder: Path) -> None:
            widths = self._chosen(case, spec) if spec.by_latency else None
            how = self._fed(case), case.seed
            prune_into(folder, trained.path("model.onnx"), spec, widths, self.datasets[case.name], how)

        return make

    def _chosen(self, case: Case, spec: PruneSpec) -> ChosenWidths:
        return self.widths(case, spec).record("widths.json", ChosenWidths)

    def _pruned(self, case: Case, spec: PruneSpec, trained: Artifact) -> tuple[Any, Pruning]:
        dataset = self.datasets[case.name]
        original = original_keras(trained.path("model.keras"), self.unsafe)
        from harness.prune.api import prune, prune_like

        data = (dataset.train_images, dataset.train_labels)
        if spec.by_latency:
            found = self._chosen(case, spec)
            pruned = prune_like(original, plan_of(found), spec, data=data, seed=case.seed)
            pruned = replace(pruned, speed=found.speed, matched=found.matched)
        else:
            pruned = prune(original, spec, data=data, seed=case.seed)
        tuning = None
        if spec.finetune_epochs:
            recalibrated = pruned.reconstruction is None and spec.baseline != "scratch"
            tuning = self._tuned(pruned.model, case, spec.finetune_epochs, spec.schedule, recalibrated)
        return pruned.model, pruned.record(tuning)

    def _tuned(self, model: Any, case: Case, epochs: int, schedule: Schedule, recalibrated: bool = True) -> Training:
        """Fine-tune a network in place, as `harness prune` does."""
        from harness.prune.recover.finetune import tune
        from harness.training.train import training_of

        dataset = self.datasets[case.name]
        spec = case.train.changed({"epochs": epochs}, "fine-tuning")
        started = time.perf_counter()
        with self.progress.task("fine-tune"):
            history = tune(model, dataset, spec, recalibrated=recalibrated, schedule=schedule, seed=case.seed)
        return training_of(model, history, time.perf_counter() - started, dataset.train_labels)

    def _pruning_inputs(self, case: Case, spec: PruneSpec, trained: Artifact) -> dict[str, Any]:
        inputs = {**self._tuning_inputs(case, trained), "prune": spec.model_dump(mode="json")}
        return inputs | ({"widths": self.widths(case, spec).key} if spec.by_latency else {})

    def _tuning_inputs(self, case: Case, trained: Artifact) -> dict[str, Any]:
        return {
            "trained": trained.key,
            "data": self.datasets[case.name].digest,
            "train": case.train.model_dump(mode="json"),
            "seed": case.seed,
        }

    def export(self, case: Case, source: Artifact) -> Artifact:
        """The ONNX file, in agreement with Keras on the whole test set: model.onnx, export.json."""
        if case.onnx is not None:
            return self._get("keep_onnx", {"onnx": source.key}, partial(keep, source.path("model.onnx")))
        dataset = self.datasets[case.name]

        def make(folder: Path) -> None:
            found = export_saved(source.path("model.keras"), folder / "model.onnx", dataset, unsafe=self.unsafe)
            save(found, folder / "export.json")

        return self._get("export", {"keras": source.key, "data": dataset.digest}, make)

    def quantize(
        self, case: Case, precision: Precision, exported: Artifact, chosen: Artifact | None = None, *, profiled: bool
    ) -> Artifact:
        """The ONNX file in another precision: model.onnx, export.json, quantization.json. See `Asked` for the rest."""
        measuring = self.measuring.model_copy(update={"device": self.device, "inputs": self._fed(case)})
        asked, dataset = Asked(precision, measuring, chosen, profiled), self.datasets[case.name]
        make = partial(in_precision, exported, asked=asked, dataset=dataset, progress=self.progress)
        return self._get("quantize", {"onnx": exported.key, "data": dataset.digest, **asked.inputs}, make)

    def evaluate(self, case: Case, exported: Artifact) -> Artifact:
        """The ONNX file's accuracy on the test set, on the device that is measured: accuracy.json."""
        dataset = self.datasets[case.name]

        def make(folder: Path) -> None:
            found = evaluate(exported.path("model.onnx"), dataset.test_images, dataset.test_labels, device=self.device)
            save(found, folder / "accuracy.json")

        inputs = {
            "onnx": exported.key,
            "data": dataset.digest,
            "device": self.device,
            "versions": describe()["versions"],
        }
        return self._get("accuracy", inputs, make)

    def measure(self, asked: MeasureSpec, files: Sequence[Path], pairs: Sequence[tuple[int, int]]) -> Measurement:
        """The latency of ONNX files, interleaved; `pairs` are those that will be compared, by position.

        Sizes that the files leave open are those of the data, unless the study says which.
        """
        said = asked.inputs or asked.input_data is not None
        fed = asked.inputs if said else open_inputs(files[0], self.datasets.values())
        spec = asked.model_copy(update={"device": self.device, "inputs": fed})

        def make(folder: Path) -> None:
            save(measure(files, spec, pairs=pairs, progress=self.progress), folder / "measurement.json")

        inputs = {
            "onnx": [file_digest(path) for path in files],
            "pairs": [list(pair) for pair in pairs],
            "spec": spec.model_dump(mode="json"),
            "machine": {fact: describe()[fact] for fact in MACHINE},
        } | ({} if spec.input_data is None else {"input_data": _files_digest(spec.input_data)})
        return self._get("measure", inputs, make).record("measurement.json", Measurement)

    def _fed(self, case: Case) -> tuple[str, ...]:
        """What says what a case's ONNX file takes; of Keras models the study's own words alone."""
        if self.measuring.inputs or case.onnx is None:
            return self.measuring.inputs
        return open_inputs(case.onnx, [self.datasets[case.name]])

    def _get(self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Artifact:
        with step(stage):
            return self.store.get(stage, {**inputs, **made_by(stage)}, make)


def _files_digest(path: Path) -> dict[str, str]:
    """What identifies a file, or each file of a folder, by its place in there."""
    files = sorted(path.rglob("*.pb")) if path.is_dir() else [path] if path.exists() else []
    return {str(file.relative_to(path)): file_digest(file) for file in files}
