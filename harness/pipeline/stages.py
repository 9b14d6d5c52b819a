"""Each stage as an artifact in the store, keyed by what it is made from; Keras is imported where one is made."""

from __future__ import annotations

import os
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
from harness.measure.inputs.examples import fitted
from harness.measure.latency.conditions import conditions
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe, versions
from harness.pipeline.engine.engine import FATAL, Engine, Here, Job
from harness.pipeline.engine.making import Maker
from harness.pipeline.exported import Exporting
from harness.pipeline.in_keras import pruned, tuned
from harness.pipeline.made_by import files_digest, made_by
from harness.pipeline.networks import (
    fresh_keras,
    judged_in_keras,
    load_keras,
    model_options,
    original_keras,
)
from harness.pipeline.onnx_files import keep, open_inputs, prune_into, take_over
from harness.pipeline.precision import Asked, in_precision
from harness.pipeline.saving import UnkeptError, save
from harness.pipeline.unchanged import copied
from harness.pipeline.widths import chosen, like_keras, like_onnx, of_keras, of_onnx, uniform
from harness.records import ChosenWidths, Pruning, Training
from harness.spec import Case, Device, ExportSpec, MeasureSpec, Precision, PruneSpec, SpeedSpec

# What a measurement depends on beside its models; the rest of an environment changes from minute to minute.
MACHINE = ("versions", "platform", "cpu", "cpu_flags", "affinity", "cgroup_cpus")


@dataclass(frozen=True)
class Stages:
    """Each stage as an artifact: the same inputs find what was made before.

    `datasets` are each case's, by its name, in the shape that its network takes. `unsafe` lets code inside a file run.
    `measuring` and `cases` are the study's: widths by latency are chosen under its conditions, once for all seeds.
    `exporting` is how ONNX files are written. What is missing is made by `engine`, and `made` is told how many seconds
    that took.
    """

    store: Store
    device: Device
    progress: Progress
    datasets: Mapping[str, Dataset]
    unsafe: bool = False
    measuring: MeasureSpec = field(default_factory=MeasureSpec)
    cases: tuple[Case, ...] = ()
    exporting: ExportSpec = field(default_factory=ExportSpec)
    engine: Engine = field(default_factory=Here)
    made: Callable[[float], None] = lambda seconds: None

    def train(self, case: Case) -> Artifact:
        """The trained original: training.json, accuracy.json in Keras, and model.keras where anything follows."""
        if case.onnx is not None:
            digest = read_model(case.onnx).sha256
            taken = partial(take_over, case.onnx, digest)
            return self._get("take_onnx", {"file": digest}, taken, partial(self.train, case))
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
        return self._get("train", inputs, make, partial(self.train, case))

    def _taken_over(self, case: Case, file: Path) -> Artifact:
        """A network that was trained elsewhere: a copy of its file, and its accuracy in Keras."""
        dataset, digest = self.datasets[case.name], file_digest(file)

        def make(folder: Path) -> None:
            from harness.training.train import untrained

            copied(file, folder / "model.keras", digest)
            model = load_keras(folder / "model.keras", self.unsafe)
            save(untrained(model), folder / "training.json")
            save(judged_in_keras(model, dataset), folder / "accuracy.json")

        inputs = {"file": digest, "data": dataset.digest}
        return self._get("train", inputs, make, partial(self.train, case))

    def train_on(self, case: Case, epochs: int, trained: Artifact) -> Artifact:
        """The original, trained on as pruned variants are fine-tuned: tuning.json, and model.keras or accuracy.json.

        The network is kept where it goes on to ONNX, else judged in Keras.
        """
        schedule = case.longer_schedule(epochs)

        def make(folder: Path) -> None:
            model = load_keras(trained.path("model.keras"), self.unsafe)
            tuning = tuned(model, case, self.datasets[case.name], epochs, schedule, self.progress)
            save(tuning, folder / "tuning.json")
            if case.deploy:
                model.save(folder / "model.keras")
            else:
                save(judged_in_keras(model, self.datasets[case.name]), folder / "accuracy.json")

        inputs = {**self._tuning_inputs(case, trained), "epochs": epochs, "kept": case.deploy}
        inputs |= {} if schedule == "constant" else {"schedule": schedule}
        return self._get("train_on", inputs, make, partial(self.train_on, case, epochs, trained))

    def widths(self, case: Case, spec: PruneSpec, lead: Case | None = None) -> Artifact:
        """The widths chosen by latency, for all seeds of a network by one of them, `lead`: widths.json."""
        lead = lead or self.lead(case)
        if spec.baseline == "uniform":
            as_fast_as = self.widths(case, spec.model_copy(update={"baseline": None}), lead)
            return self.uniform(case, as_fast_as, self.train(lead))
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
            "told_apart": "by reconstruction",
            "conditions": conditions(asked.measuring, self.device),
        }
        return self._get("widths", inputs, make, partial(self.widths, case, spec, lead))

    def uniform(self, case: Case, chosen: Artifact, trained: Artifact) -> Artifact:
        """The same share off every layer, as fast as the widths that were chosen: widths.json."""

        def make(folder: Path) -> None:
            if case.onnx is not None:
                like = like_onnx(trained.path("model.onnx"))
            else:
                like = like_keras(original_keras(trained.path("model.keras"), self.unsafe))
            widths = uniform(like, chosen.record("widths.json", ChosenWidths), self.store, self.progress)
            save(widths, folder / "widths.json")

        return self._get("uniform", {"widths": chosen.key}, make, partial(self.uniform, case, chosen, trained))

    def lead(self, case: Case) -> Case:
        """The first seed of the case's network whose training learned; the case itself where none is known to."""
        seeds = (each for each in self.cases if each.network == case.network and each.name in self.datasets)
        return next(filter(self._learned, seeds), case)

    def _learned(self, case: Case) -> bool:
        """Whether its training may have learned; one that failed has not."""
        try:
            return self.train(case).record("training.json", Training).learned is not False
        except FATAL:
            raise
        except Exception:  # the case's own rows say why
            return False

    def prune(self, case: Case, spec: PruneSpec, trained: Artifact, widths: Artifact | None = None) -> Artifact:
        """A pruned and fine-tuned variant, of these widths where it is by latency: its file, and pruning.json."""
        widths = widths or self._widths_of(case, spec)
        inputs = self._pruning_inputs(case, spec, trained, widths)
        again = partial(self.prune, case, spec, trained, widths)
        if case.onnx is not None:
            return self._get("prune_onnx", inputs, self._pruner(case, spec, trained, widths), again)

        def make(folder: Path) -> None:
            model, record = self._pruned(case, spec, trained, widths)
            model.save(folder / "model.keras")
            save(record, folder / "pruning.json")

        return self._get("prune", inputs, make, again)

    def try_out(self, case: Case, spec: PruneSpec, trained: Artifact, widths: Artifact | None = None) -> Artifact:
        """A pruned and fine-tuned variant that is judged in Keras and not kept: pruning.json, accuracy.json."""
        widths = widths or self._widths_of(case, spec)

        def make(folder: Path) -> None:
            model, record = self._pruned(case, spec, trained, widths)
            save(record, folder / "pruning.json")
            save(judged_in_keras(model, self.datasets[case.name]), folder / "accuracy.json")

        inputs = self._pruning_inputs(case, spec, trained, widths)
        return self._get("try_out", inputs, make, partial(self.try_out, case, spec, trained, widths))

    def _widths_of(self, case: Case, spec: PruneSpec) -> Artifact | None:
        return self.widths(case, spec) if spec.by_latency else None

    def _pruner(
        self, case: Case, spec: PruneSpec, trained: Artifact, widths: Artifact | None
    ) -> Callable[[Path], None]:
        """What prunes an ONNX file."""

        def make(folder: Path) -> None:
            chosen = None if widths is None else widths.record("widths.json", ChosenWidths)
            how = self._fed(case), case.seed
            prune_into(folder, trained.path("model.onnx"), spec, chosen, self.datasets[case.name], how)

        return make

    def _pruned(self, case: Case, spec: PruneSpec, trained: Artifact, widths: Artifact | None) -> tuple[Any, Pruning]:
        original = original_keras(trained.path("model.keras"), self.unsafe)
        chosen = None if widths is None else widths.record("widths.json", ChosenWidths)
        return pruned(original, case, spec, chosen, self.datasets[case.name], self.progress)

    def _pruning_inputs(
        self, case: Case, spec: PruneSpec, trained: Artifact, widths: Artifact | None
    ) -> dict[str, Any]:
        inputs = {**self._tuning_inputs(case, trained), "prune": spec.model_dump(mode="json")}
        return inputs | ({} if widths is None else {"widths": widths.key})

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
            kept = partial(keep, source.path("model.onnx"))
            return self._get("keep_onnx", {"onnx": source.key}, kept, partial(self.export, case, source))
        asked = Exporting(case, source, self.datasets[case.name], self.exporting, self.unsafe)

        def make(folder: Path) -> None:
            save(asked.run(folder / "model.onnx"), folder / "export.json")

        return self._get("export", asked.inputs, make, partial(self.export, case, source))

    def quantize(
        self, case: Case, precision: Precision, exported: Artifact, chosen: Artifact | None, profiled: bool
    ) -> Artifact:
        """The ONNX file in another precision: model.onnx, export.json, quantization.json. See `Asked` for the rest."""
        measuring = self.measuring.model_copy(update={"device": self.device, "inputs": self._fed(case)})
        asked, dataset = Asked(precision, measuring, chosen, profiled), self.datasets[case.name]
        make = partial(in_precision, exported, asked=asked, dataset=dataset, progress=self.progress)
        inputs = {"onnx": exported.key, "data": dataset.digest, **asked.inputs}
        again = partial(self.quantize, case, precision, exported, chosen, profiled)
        return self._get("quantize", inputs, make, again)

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
            "versions": versions(),
        }
        return self._get("accuracy", inputs, make, partial(self.evaluate, case, exported))

    def measure(self, asked: MeasureSpec, files: Sequence[Path], pairs: Sequence[tuple[int, int]]) -> Measurement:
        """The latency of ONNX files, interleaved; `pairs` are those that will be compared, by position.

        Sizes that the files leave open are those of the data, unless the study says which. Where a process died or
        hung, what came of it is not kept: the next run measures again.
        """
        said = asked.inputs or asked.input_data is not None
        fed = asked.inputs if said else open_inputs(files[0], self.datasets.values())
        spec = asked.model_copy(update={"device": self.device, "inputs": fed})

        def make(folder: Path) -> None:
            found = measure(files, spec, pairs=pairs, progress=self.progress)
            if any(row.lost for row in (*found.rows, *found.control)):
                raise UnkeptError(found)
            save(found, folder / "measurement.json")

        inputs = {
            "onnx": [file_digest(path) for path in files],
            "pairs": [list(pair) for pair in pairs],
            "spec": spec.model_dump(mode="json"),
            "machine": {fact: describe()[fact] for fact in MACHINE},
        } | ({} if spec.input_data is None else {"input_data": files_digest(spec.input_data)})
        try:
            return self._get("measure", inputs, make).record("measurement.json", Measurement)
        except UnkeptError as unkept:
            return unkept.found

    def _fed(self, case: Case) -> tuple[str, ...]:
        """What says what a case's ONNX file takes; of Keras models the study's own words alone."""
        if self.measuring.inputs or case.onnx is None:
            return self.measuring.inputs
        return open_inputs(case.onnx, [self.datasets[case.name]])

    def _get(
        self,
        stage: str,
        inputs: Mapping[str, Any],
        make: Callable[[Path], None],
        again: partial[Artifact] | None = None,
    ) -> Artifact:
        """What was made from these inputs, or is made now: by the engine, which may call `again` elsewhere."""
        job, name = None, stage if again is None else again.args[0].name
        if again is not None:
            job = Job(again.func.__name__, again.args, self.datasets[name].image_shape)
        store = replace(self.store, waiting=lambda line: self.progress.line(f"{name}: {line}", lasting=True))
        with step(stage):
            return Maker(store, self.engine, self.made).get(stage, {**inputs, **made_by(stage)}, make, job)
