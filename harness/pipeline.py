"""The road from a study to its results: the only module that chains stages.

Every stage is an artifact in the store, keyed by what it was made from, so an interrupted run goes on where it
stopped and an unchanged stage is not run again. Keras and TensorFlow are imported only where something is made.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import models
from harness import report
from harness.accuracy import evaluate
from harness.data import Dataset, load
from harness.errors import DataError, DeviceError, HarnessError, ModelError, StoreError
from harness.measure import measure
from harness.measurement import Measurement
from harness.progress import Progress, Silent, Task
from harness.quiet import import_keras
from harness.records import Accuracy, Export, Pruning, Record, Row, Training
from harness.results import RESULTS_FILE, Results
from harness.runtime.environment import describe
from harness.runtime.usable import usable_device
from harness.spec import Case, DataSpec, Device, PruneSpec, Study
from harness.store import Artifact, Store, disk_errors, file_digest, replaced_folder

log = logging.getLogger("harness")

# Raise a stage's number when its code changes what it makes: artifacts of older code are then made again.
STAGE_VERSIONS = {"train": 1, "prune": 1, "export": 1, "accuracy": 1, "measure": 1}
STAGE_PACKAGES = {
    "train": ("keras",),
    "prune": ("keras",),
    "export": ("keras", "tf2onnx"),
    "accuracy": (),
    "measure": (),
}
# What a measurement depends on beside its models; the rest of an environment changes from minute to minute.
MACHINE = ("versions", "platform", "cpu", "cpu_flags", "affinity", "cgroup_cpus")
FATAL = (StoreError, DeviceError)


@dataclass(frozen=True)
class Run:
    """A finished run: `folder` holds results.json, the report and the ONNX files."""

    folder: Path
    results: Results
    report: Path


@dataclass(frozen=True)
class Outcome:
    """A row, and where its ONNX file is if it got that far."""

    row: Row
    onnx: Path | None = None


@dataclass(frozen=True)
class Stages:
    """Each stage as an artifact: the same inputs find what was made before."""

    store: Store
    device: Device
    progress: Progress
    datasets: Mapping[DataSpec, Dataset]

    def train(self, case: Case) -> Artifact:
        """The trained original: model.keras, training.json."""
        dataset = self.datasets[case.data]
        options = model_options(case, dataset)

        def make(folder: Path) -> None:
            from harness.train import train

            keras = import_keras()
            keras.utils.set_random_seed(case.seed)
            model = models.build(case.model, **options)
            training = train(
                model, dataset.train_images, dataset.train_labels, case.train, seed=case.seed, progress=self.progress
            )
            model.save(folder / "model.keras")
            save(training, folder / "training.json")

        inputs = {
            "model": case.model,
            "options": options,
            "data": dataset.digest,
            "train": case.train.model_dump(mode="json"),
            "seed": case.seed,
            "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        }
        return self._get("train", inputs, make)

    def prune(self, case: Case, spec: PruneSpec, trained: Artifact) -> Artifact:
        """A pruned and fine-tuned variant: model.keras, pruning.json."""
        dataset = self.datasets[case.data]

        def make(folder: Path) -> None:
            original = load_keras(trained.path("model.keras"))
            from harness.prune import prune
            from harness.train import train

            pruned = prune(original, spec, seed=case.seed)
            finetune = None
            if spec.finetune_epochs:
                tuning = case.train.model_copy(update={"epochs": spec.finetune_epochs})
                images, labels = dataset.train_images, dataset.train_labels
                finetune = train(pruned.model, images, labels, tuning, seed=case.seed, progress=self.progress)
            pruned.model.save(folder / "model.keras")
            record = Pruning(
                plan=pruned.plan,
                proof=pruned.proof,
                pinned=pruned.report.pinned,
                parameters_before=pruned.report.parameters_before,
                parameters_after=pruned.report.parameters_after,
                finetune=finetune,
            )
            save(record, folder / "pruning.json")

        inputs = {
            "trained": trained.key,
            "prune": spec.model_dump(mode="json"),
            "data": dataset.digest,
            "train": case.train.model_dump(mode="json"),
        }
        return self._get("prune", inputs, make)

    def export(self, case: Case, source: Artifact) -> Artifact:
        """The ONNX file, in agreement with Keras on the whole test set: model.onnx, export.json."""
        dataset = self.datasets[case.data]

        def make(folder: Path) -> None:
            save(export_saved(source.path("model.keras"), folder / "model.onnx", dataset), folder / "export.json")

        return self._get("export", {"keras": source.key, "data": dataset.digest}, make)

    def evaluate(self, case: Case, exported: Artifact) -> Artifact:
        """The ONNX file's accuracy on the test set, on the device that is measured: accuracy.json."""
        dataset = self.datasets[case.data]

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

    def measure(self, study: Study, outcomes: Sequence[Outcome]) -> Measurement | None:
        """The latency of every architecture among the outcomes, interleaved; None where no row has a file."""
        files = representatives(outcomes)
        if not files:
            return None
        order = {architecture: index for index, architecture in enumerate(files)}
        pairs = sorted({(order[original], order[pruned]) for original, pruned in architecture_pairs(outcomes)})

        def make(folder: Path) -> None:
            asked = study.measure.model_copy(update={"device": self.device})
            found = measure(list(files.values()), asked, pairs=pairs, progress=self.progress)
            save(found, folder / "measurement.json")

        inputs = {
            "onnx": [file_digest(path) for path in files.values()],
            "pairs": [list(pair) for pair in pairs],
            "spec": {**study.measure.model_dump(mode="json"), "device": self.device},
            "machine": {fact: describe()[fact] for fact in MACHINE},
        }
        return self._get("measure", inputs, make).record("measurement.json", Measurement)

    def _get(self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Artifact:
        packages = {name: version(name) for name in STAGE_PACKAGES[stage]}
        return self.store.get(stage, {**inputs, "version": STAGE_VERSIONS[stage], "packages": packages}, make)


def run_study(study: Study, *, runs: Path, store: Path, progress: Progress | None = None) -> Run:
    """Train, prune, export, measure and report a study; `<runs>/<study>/` takes its place whole.

    A row that fails says why in `Row.error` and loses no other.

    Raises:
        SpecError, ModelError, DataError: a case can't work as asked; found before anything is trained.
        DeviceError: the device asked for does not really run models.
        StoreError: the disk is full or can't be written; what was finished is kept.
    """
    progress = progress or Silent()
    cases = study.cases()
    folder = runs / study.name
    check_writable(folder, store)
    device = usable_device(study.measure.device)
    datasets = {spec: load(spec) for spec in dict.fromkeys(case.data for case in cases)}
    for case in cases:
        check_case(case, datasets[case.data])
    stages = Stages(Store(store, notice=log.warning), device, progress, datasets)
    outcomes: list[Outcome] = []
    with progress.task(f"study {study.name}", total=len(cases)) as task:
        for number, case in enumerate(cases, start=1):
            with progress.task(f"{number} of {len(cases)}: {case.name}", total=1 + len(case.prune)) as rows:
                outcomes += run_case(stages, case, rows)
            task.advance()
    results = Results(
        study=study.name,
        question=study.question,
        spec=study.measure,
        environment=describe(),
        rows=tuple(outcome.row for outcome in outcomes),
        measurement=stages.measure(study, outcomes),
    )
    return Run(folder, results, write_run(folder, results, outcomes))


def check_writable(*folders: Path) -> None:
    """Fail early, before hours of training, where an output folder can't be written."""
    for folder in folders:
        with disk_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            probe = folder.with_name(f".{folder.name}.probe")
            probe.touch()
            probe.unlink()


def check_case(case: Case, dataset: Dataset) -> None:
    """Find what can't work before anything is trained.

    Raises:
        ModelError: the network is unknown, has no such option, or can't be built for these images.
        DataError: the network has fewer classes than the data.
    """
    options = model_options(case, dataset)
    try:
        models.check(case.model, **options)
    except ValueError as error:
        raise ModelError(f"{case.name}: {error}") from None
    if options["n_class"] < dataset.n_class:
        raise DataError(
            f"{case.name}: n_class = {options['n_class']}, but {case.data.name} has {dataset.n_class} classes; "
            f"set n_class = {dataset.n_class} or leave it out"
        )


def model_options(case: Case, dataset: Dataset) -> dict[str, Any]:
    """The case's options, with image shape and class count taken from the data unless given."""
    return {"input_shape": list(dataset.image_shape), "n_class": dataset.n_class, **case.options}


def run_case(stages: Stages, case: Case, task: Task) -> list[Outcome]:
    """The original and its pruned variants; where the original can't be trained, none of them is there."""
    prunes = (None, *case.prune)
    try:
        trained = stages.train(case)
    except FATAL:
        raise
    except Exception as error:
        problem = told(error, case.name)
        return [Outcome(Row(case=case, prune=prune, error=problem)) for prune in prunes]
    outcomes = []
    for prune in prunes:
        outcomes.append(run_row(stages, case, prune, trained))
        task.advance(note="" if prune is None else prune.label)
    return outcomes


def run_row(stages: Stages, case: Case, prune: PruneSpec | None, trained: Artifact) -> Outcome:
    """Bring one network down the road, as far as it gets; a failure is told in its row."""
    row = Row(case=case, prune=prune, training=trained.record("training.json", Training))
    try:
        source = trained
        if prune is not None:
            source = stages.prune(case, prune, trained)
            row = row.model_copy(update={"pruning": source.record("pruning.json", Pruning)})
        exported = stages.export(case, source)
        row = row.model_copy(update={"export": exported.record("export.json", Export)})
        evaluated = stages.evaluate(case, exported).record("accuracy.json", Accuracy)
    except FATAL:
        raise
    except Exception as error:
        return Outcome(row.model_copy(update={"error": told(error, row.name)}))
    return Outcome(row.model_copy(update={"accuracy": evaluated}), exported.path("model.onnx"))


def told(error: Exception, name: str) -> str:
    """A failure as one line for its row; the traceback of what the user can't mend goes to the log."""
    if isinstance(error, HarnessError):
        return str(error)
    log.error("%s failed", name, exc_info=error)
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"


def representatives(outcomes: Iterable[Outcome]) -> dict[str, Path]:
    """One ONNX file for each architecture: files that differ only in their weights run the same kernels."""
    files: dict[str, Path] = {}
    for outcome in outcomes:
        if outcome.onnx is not None and outcome.row.export is not None:
            files.setdefault(outcome.row.export.architecture, outcome.onnx)
    return files


def architecture_pairs(outcomes: Sequence[Outcome]) -> Iterable[tuple[str, str]]:
    """The architectures whose latencies are compared: each pruned variant's with its own original's."""
    originals = {
        outcome.row.case.name: outcome.row.export.architecture
        for outcome in outcomes
        if outcome.row.prune is None and outcome.row.export is not None
    }
    for outcome in outcomes:
        original = originals.get(outcome.row.case.name)
        if outcome.row.prune is not None and outcome.row.export is not None and original is not None:
            yield original, outcome.row.export.architecture


def write_run(folder: Path, results: Results, outcomes: Iterable[Outcome]) -> Path:
    """Write results.json, the report and the ONNX files; the folder takes the old one's place whole."""
    with replaced_folder(folder) as unfinished:
        save(results, unfinished / RESULTS_FILE)
        (unfinished / "models").mkdir()
        for outcome in outcomes:
            if outcome.onnx is not None:
                shutil.copyfile(outcome.onnx, unfinished / "models" / f"{slug(outcome.row.name)}.onnx")
        written = report.write(results, unfinished)
        name = written.html.relative_to(unfinished)
    return folder / name


def load_keras(path: Path) -> Any:
    """A saved network, with Keras's memory of earlier ones cleared, so that a long study doesn't grow."""
    keras = import_keras()
    keras.backend.clear_session()
    return keras.models.load_model(path, compile=False)


def export_saved(source: Path, path: Path, dataset: Dataset) -> Export:
    """Export a saved network: here, or in a process of its own where Keras does not run on TensorFlow."""
    if import_keras().backend.backend() != "tensorflow":
        from harness.export.elsewhere import export_file

        return export_file(source, path, dataset.test_images)
    model = load_keras(source)
    from harness.export import export

    return export(model, path, dataset.test_images)


def save(record: Record, path: Path) -> None:
    path.write_text(record.model_dump_json(indent=1))


def slug(name: str) -> str:
    """A name as a file name: `deepcaptcha padding=same` is `deepcaptcha-padding-same`."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name.replace("%", "pct")).strip("-")
