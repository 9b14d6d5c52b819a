"""The road from a study to its results: the only module that chains stages.

Every stage is an artifact in the store, keyed by what it was made from, so an interrupted run goes on where it
stopped and an unchanged stage is not run again.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import models
from harness import report
from harness.base.crash import step
from harness.base.errors import DataError, DeviceError, HarnessError, ModelError, SpecError, StoreError
from harness.base.progress import Progress, Silent, Task
from harness.base.store import Artifact, Store, disk_errors, replaced_folder
from harness.compare.results import RESULTS_FILE, Results
from harness.data import Dataset, load_all
from harness.measure.files.model_file import read_model
from harness.measure.measurement import Measurement
from harness.measure.runtime.environment import describe
from harness.measure.runtime.usable import usable_device
from harness.pipeline.stages import Stages, model_options, save
from harness.records import Accuracy, Export, Pruning, Row, Training
from harness.report import ReportPaths
from harness.spec import Case, Study

log = logging.getLogger("harness")

FATAL = (StoreError, DeviceError)


@dataclass(frozen=True)
class Run:
    """A finished run: `folder` holds results.json, the report and the ONNX files; `written` tells what they say."""

    folder: Path
    results: Results
    written: ReportPaths

    @property
    def report(self) -> Path:
        """The page."""
        return self.written.html


@dataclass(frozen=True)
class Outcome:
    """A row, and where its ONNX file is if it got that far."""

    row: Row
    onnx: Path | None = None


def run_study(study: Study, *, runs: Path, store: Path, progress: Progress | None = None, unsafe: bool = False) -> Run:
    """Train, prune, export, measure and report a study; `<runs>/<study>/` takes its place whole.

    A row that fails says why in `Row.error` and loses no other. `unsafe` lets code inside a network's file run.

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
    loaded = load_all(case.data for case in cases)
    datasets = {}
    for case in cases:
        with step(f"check {case.name}"):
            datasets[case.name] = fitting_data(case, loaded[case.data], unsafe=unsafe)
    stages = Stages(Store(store, notice=log.warning), device, progress, datasets, unsafe)
    outcomes: list[Outcome] = []
    with progress.task(f"study {study.name}", total=len(cases)) as task:
        for number, case in enumerate(cases, start=1):
            with progress.task(f"{number} of {len(cases)}: {case.name}", total=len(planned(case))) as rows:
                outcomes += run_case(stages, case, rows)
            task.advance()
    results = Results(
        study=study.name,
        question=study.question,
        spec=study.measure,
        environment=describe(),
        rows=tuple(outcome.row for outcome in outcomes),
        measurements=tuple(measured(stages, study, outcomes)),
    )
    return Run(folder, results, write_run(folder, results, outcomes))


def check_writable(*folders: Path) -> None:
    """Fail early, before hours of training, where an output folder can't be written."""
    for folder in folders:
        try:
            with disk_errors(folder):
                folder.parent.mkdir(parents=True, exist_ok=True)
                probe = folder.with_name(f".{folder.name}.probe")
                probe.touch()
                probe.unlink()
        except FileNotFoundError:
            raise StoreError(f"{folder}: can't be made; give a folder that can be written") from None


def fitting_data(case: Case, dataset: Dataset, *, unsafe: bool = False) -> Dataset:
    """The data in the shape that the case's network takes; what can't work is found before anything is trained.

    Raises:
        SpecError: a file was given options.
        ModelError: the network is unknown, has no such option, or can't be loaded or built for these images.
        DataError: the network does not fit the data.
    """
    if case.file is not None:
        return fitting_file(case, case.file, dataset, unsafe)
    shape = dataset.image_shape
    if len(shape) != 3:
        raise DataError(
            f"{case.name}: takes images (height, width, channels), and {case.data.name} has examples of shape {shape}; "
            "give images, or a .keras file that takes these"
        )
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
    if tuple(options["input_shape"]) != shape:
        raise DataError(
            f"{case.name}: input_shape = {options['input_shape']}, but {case.data.name} has images of {list(shape)}; "
            "leave input_shape out"
        )
    if options.get("n_prediction", 1) != 1:
        raise DataError(
            f"{case.name}: n_prediction = {options['n_prediction']}, but {case.data.name} has one label an image; "
            "leave n_prediction out"
        )
    return dataset


def fitting_file(case: Case, file: Path, dataset: Dataset, unsafe: bool) -> Dataset:
    """The data in the shape that a network takes which is trained already, and can be loaded, and fits it.

    Raises:
        SpecError: it was given options.
        ModelError: it can't be loaded, is not built or subclassed, or has several inputs or outputs.
        PruneError: its weights are not finite.
        DataError: it does not fit the images or labels.
    """
    from harness.base.keras_file import example_shape, load_model
    from harness.pipeline.scaling import better_scale
    from harness.prune.keras_graph.graph import check_finite
    from harness.prune.keras_graph.reading import read_graph
    from harness.training.train import fitting_targets

    if case.options:
        raise SpecError(f"{case.name}: {', '.join(case.options)}: a .keras file has no options; leave them out")
    model = load_model(file, unsafe=unsafe)
    graph = read_graph(model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{file}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a study takes one of each"
        )
    check_finite(graph)
    fitting = dataset.shaped_for(example_shape(model))
    try:
        fitting_targets(model, fitting.train_images[:1], fitting.train_labels)
    except DataError as error:
        raise DataError(f"{file}: {error}") from None
    advice = better_scale(model, fitting, case.data.scale)
    if advice is not None:
        log.warning("%s: %s", file, advice)
    return fitting


def planned(case: Case) -> list[Row]:
    """The rows that a case is to become: the original, the original trained on, and the pruned variants."""
    longer = [Row(case=case, prune=None, longer_epochs=epochs) for epochs in (0, *case.longer_epochs)]
    return [*longer, *(Row(case=case, prune=prune) for prune in case.prune)]


def run_case(stages: Stages, case: Case, task: Task) -> list[Outcome]:
    """The original and its variants; where the original can't be trained, none of them is there."""
    try:
        trained = stages.train(case)
    except FATAL:
        raise
    except Exception as error:
        problem = told(error, case.name)
        return [Outcome(row.model_copy(update={"error": problem})) for row in planned(case)]
    training = trained.record("training.json", Training)
    outcomes = []
    for row in planned(case):
        outcomes.append(run_row(stages, row.model_copy(update={"training": training}), trained))
        task.advance(note="" if row.original else row.variant)
    return outcomes


def run_row(stages: Stages, row: Row, trained: Artifact) -> Outcome:
    """Bring one network down the road, as far as it gets; a failure is told in its row."""
    try:
        row, source = made(stages, row, trained)
        if not row.case.deploy:
            return Outcome(row.model_copy(update={"accuracy": source.record("accuracy.json", Accuracy)}))
        exported = stages.export(row.case, source)
        row = row.model_copy(update={"export": exported.record("export.json", Export)})
        evaluated = stages.evaluate(row.case, exported).record("accuracy.json", Accuracy)
    except FATAL:
        raise
    except Exception as error:
        return Outcome(row.model_copy(update={"error": told(error, row.name)}))
    return Outcome(row.model_copy(update={"accuracy": evaluated}), exported.path("model.onnx"))


def made(stages: Stages, row: Row, trained: Artifact) -> tuple[Row, Artifact]:
    """The row's network in Keras: the original, the original trained on, or pruned; and how it was made."""
    if row.prune is not None:
        prune = stages.prune if row.case.deploy else stages.try_out
        source = prune(row.case, row.prune, trained)
        return row.model_copy(update={"pruning": source.record("pruning.json", Pruning)}), source
    if row.longer_epochs:
        source = stages.train_on(row.case, row.longer_epochs, trained)
        return row.model_copy(update={"tuning": source.record("tuning.json", Training)}), source
    return row, trained


def told(error: Exception, name: str) -> str:
    """A failure as one line for its row; the traceback of what the user can't mend goes to the log."""
    if isinstance(error, HarnessError):
        return str(error)
    log.error("%s failed", name, exc_info=error)
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"


def measured(stages: Stages, study: Study, outcomes: Sequence[Outcome]) -> Iterator[Measurement]:
    """The latency of every architecture among the outcomes: a measurement for those that take the same inputs.

    The budget is shared out by the number of architectures.
    """
    files = representatives(outcomes)
    pairs = set(architecture_pairs(outcomes))
    for group in alike(files):
        order = {architecture: index for index, architecture in enumerate(group)}
        own = sorted({(order[a], order[b]) for a, b in pairs if a in order and b in order})
        share = study.measure.budget_s * len(group) / len(files)
        spec = study.measure.model_copy(update={"budget_s": share})
        yield stages.measure(spec, list(group.values()), own)


def alike(files: Mapping[str, Path]) -> list[dict[str, Path]]:
    """The files in groups that can be fed the same arrays, each by its architecture, in order."""
    groups: dict[tuple[object, ...], dict[str, Path]] = {}
    for architecture, path in files.items():
        taken = tuple((one.dtype, one.shape and one.shape[1:]) for one in read_model(path).inputs)
        groups.setdefault(taken, {})[architecture] = path
    return list(groups.values())


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
        if outcome.row.original and outcome.row.export is not None
    }
    for outcome in outcomes:
        original = originals.get(outcome.row.case.name)
        if outcome.row.prune is not None and outcome.row.export is not None and original is not None:
            yield original, outcome.row.export.architecture


def write_run(folder: Path, results: Results, outcomes: Iterable[Outcome]) -> ReportPaths:
    """Write results.json, the report and the ONNX files; the folder takes the old one's place whole."""
    with replaced_folder(folder) as unfinished:
        save(results, unfinished / RESULTS_FILE)
        (unfinished / "models").mkdir()
        for outcome in outcomes:
            if outcome.onnx is not None:
                shutil.copyfile(outcome.onnx, unfinished / "models" / f"{slug(outcome.row.name)}.onnx")
        written = report.write(results, unfinished)
    return written.moved(unfinished, folder)


def slug(name: str) -> str:
    """A name as a file name: `deepcaptcha padding=same` is `deepcaptcha-padding-same`."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name.replace("%", "pct")).strip("-")
