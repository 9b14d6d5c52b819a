"""Each stage of the road as an artifact in the store, keyed by what it is made from.

Keras and TensorFlow are imported only where something is made.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import models
from harness.base.crash import step
from harness.base.numerics import settle
from harness.base.progress import Progress
from harness.base.shapes import agrees
from harness.base.store import Artifact, Store, file_digest
from harness.data import Dataset
from harness.measure.accuracy import evaluate
from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import INVENTED
from harness.measure.inputs.examples import fitted
from harness.measure.latency.conditions import conditions
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.pipeline.networks import (
    export_saved,
    fresh_keras,
    judged_in_keras,
    load_keras,
    model_options,
    original_keras,
)
from harness.pipeline.widths import chosen, reached
from harness.records import ChosenWidths, Metadata, Preprocessing, Pruning, Record, Training
from harness.spec import Case, Device, ExportSpec, MeasureSpec, PruneSpec, Schedule, SpeedSpec

# Raise a stage's number when its code changes what it makes: artifacts of older code are then made again.
STAGE_VERSIONS = {
    "train": 2,
    "train_on": 1,
    "widths": 1,
    "prune": 4,
    "try_out": 2,
    "export": 3,
    "accuracy": 1,
    "measure": 3,
}

STAGE_PACKAGES = {
    "train": ("keras",),
    "train_on": ("keras",),
    "widths": ("keras", "tf2onnx"),
    "prune": ("keras",),
    "try_out": ("keras",),
    "export": ("keras", "tf2onnx"),
    "accuracy": (),
    "measure": (),
}


# What a measurement depends on beside its models; the rest of an environment changes from minute to minute.
MACHINE = ("versions", "platform", "cpu", "cpu_flags", "affinity", "cgroup_cpus")


@dataclass(frozen=True)
class Stages:
    """Each stage as an artifact: the same inputs find what was made before.

    `datasets` are each case's, by its name, in the shape that its network takes. `unsafe` lets code inside a file run.
    `measuring` and `cases` are the study's: widths by latency are chosen under its conditions, once for all seeds.
    `exporting` is how ONNX files are written.
    """

    store: Store
    device: Device
    progress: Progress
    datasets: Mapping[str, Dataset]
    unsafe: bool = False
    measuring: MeasureSpec = field(default_factory=MeasureSpec)
    cases: tuple[Case, ...] = ()
    exporting: ExportSpec = field(default_factory=ExportSpec)

    def train(self, case: Case) -> Artifact:
        """The trained original: training.json, accuracy.json in Keras, and model.keras where anything follows."""
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
        lead = self._lead(case)
        trained, dataset = self.train(lead), self.datasets[lead.name]
        asked = SpeedSpec.of(spec, self.measuring.model_copy(update={"device": self.device}))

        def make(folder: Path) -> None:
            original = original_keras(trained.path("model.keras"), self.unsafe)
            save(chosen(original, asked, dataset, lead.seed, self.store, self.progress), folder / "widths.json")

        inputs = {
            "trained": trained.key,
            "data": dataset.digest,
            "seed": lead.seed,
            "asked": asked.model_dump(mode="json"),
            "conditions": conditions(asked.measuring, self.device),
        }
        return self._get("widths", inputs, make)

    def _lead(self, case: Case) -> Case:
        """The first seed of the case's network whose training learned; the case itself where none is known to."""
        for each in self.cases:
            if each.network == case.network and self.train(each).record("training.json", Training).learned is not False:
                return each
        return case

    def prune(self, case: Case, spec: PruneSpec, trained: Artifact) -> Artifact:
        """A pruned and fine-tuned variant: model.keras, pruning.json."""

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

    def _pruned(self, case: Case, spec: PruneSpec, trained: Artifact) -> tuple[Any, Pruning]:
        dataset = self.datasets[case.name]
        original = original_keras(trained.path("model.keras"), self.unsafe)
        from harness.prune.api import prune, prune_like

        data = (dataset.train_images, dataset.train_labels)
        if spec.by_latency:
            plan, speed = reached(self.widths(case, spec).record("widths.json", ChosenWidths))
            pruned = replace(prune_like(original, plan, spec, data=data, seed=case.seed), speed=speed)
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
        dataset = self.datasets[case.name]
        about = self._about(case, source)

        def make(folder: Path) -> None:
            from harness.export.other_process import Job

            job = Job(
                source=source.path("model.keras"),
                path=folder / "model.onnx",
                images=dataset.test_images,
                asked=self.exporting,
                metadata=about,
                labels=dataset.test_labels,
                unsafe=self.unsafe,
            )
            save(export_saved(job), folder / "export.json")

        inputs = {
            "keras": source.key,
            "data": dataset.digest,
            "asked": self.exporting.model_dump(mode="json"),
            "preprocessing": Preprocessing.of(case.data).model_dump(mode="json"),
        }
        return self._get("export", inputs, make)

    def _about(self, case: Case, source: Artifact) -> Metadata:
        """What the ONNX file of a network says of itself."""
        pruned = source.path("pruning.json").is_file()
        return Metadata(
            source=source.key,
            plan=source.record("pruning.json", Pruning).plan if pruned else None,
            labels=self.datasets[case.name].class_names,
            preprocessing=Preprocessing.of(case.data),
        )

    def evaluate(self, case: Case, exported: Artifact) -> Artifact:
        """The ONNX file's accuracy on the test set, on the device that is measured: accuracy.json."""
        dataset = self.datasets[case.name]

        def make(folder: Path) -> None:
            path = exported.path("model.onnx")
            images, _ = fitted(str(path), read_model(path).inputs[0], dataset.test_images)
            found = evaluate(path, images, dataset.test_labels, device=self.device)
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
        fed = asked.inputs if said else self._open_inputs(files[0])
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

    def _open_inputs(self, file: Path) -> tuple[str, ...]:
        """What a file is fed whose input can't be invented, as `name:shape:dtype` of the data's shape; else nothing."""
        (wanted,) = read_model(file).inputs
        sizes = (wanted.shape or ())[1:]
        if None not in sizes and wanted.dtype in INVENTED:
            return ()
        laid = [data.laid_for(sizes).image_shape for data in self.datasets.values()]
        shapes = [shape for shape in laid if agrees(shape, sizes)]
        return tuple(f"{wanted.name}:N{''.join(f'x{size}' for size in shape)}:{wanted.dtype}" for shape in shapes[:1])

    def _get(self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Artifact:
        packages = {name: version(name) for name in STAGE_PACKAGES[stage]}
        numerics = settle() if "keras" in packages else {}
        made_by = {"version": STAGE_VERSIONS[stage], "packages": packages, "numerics": numerics}
        with step(stage):
            return self.store.get(stage, {**inputs, **made_by}, make)


def _files_digest(path: Path) -> dict[str, str]:
    """What identifies a file, or each file of a folder, by its place in there."""
    files = sorted(path.rglob("*.pb")) if path.is_dir() else [path] if path.exists() else []
    return {str(file.relative_to(path)): file_digest(file) for file in files}


def save(record: Record, path: Path) -> None:
    """Write a record as JSON."""
    path.write_text(record.model_dump_json(indent=1))
