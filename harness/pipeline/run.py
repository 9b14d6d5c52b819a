"""The road from a study to its results: the only module that chains stages.

Every stage is an artifact in the store, keyed by what it was made from, so an interrupted run goes on where it
stopped and an unchanged stage is not run again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.base.crash import scratch
from harness.base.progress import Progress, Silent
from harness.base.store import Store, check_writable, open_store, using
from harness.base.store.store import unheard
from harness.compare import compared
from harness.compare.results import Results
from harness.data import load_all
from harness.measure.runtime.environment import describe
from harness.measure.runtime.usable import usable_device
from harness.pipeline.afar import afar
from harness.pipeline.cases import fitting, run_cases
from harness.pipeline.engine.place import Work, answering, opened, read_place
from harness.pipeline.folder import write_run
from harness.pipeline.measuring import measured
from harness.pipeline.onnx_files import check_sizes
from harness.pipeline.pictures import example_sets, with_pictures
from harness.pipeline.rows import Outcome
from harness.pipeline.shared import share
from harness.pipeline.site import StudySite
from harness.pipeline.stages import Stages
from harness.pipeline.unchanged import unchanged
from harness.report import ReportPaths
from harness.spec import Study


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


def run_study(
    study: Study,
    *,
    runs: Path,
    store: str | Path | Store,
    progress: Progress | None = None,
    unsafe: bool = False,
    on: str = "here",
) -> Run:
    """Train, prune, export, measure and report a study; `<runs>/<study>/` takes its place whole.

    `store` is a folder, an address, or an open store. A row that fails says why in `Row.error` and loses no other.
    `unsafe` lets code inside a network's file run. `on` says where the work is done: `here`, in this process, which
    knows the caller's own layers and rules; in `workers`, where a crash of native code costs a row, not the run; or on
    the nodes of a Ray cluster, as `ray`, `ray://HOST:PORT` or `ray:HOST:PORT`. What is measured is measured here.

    Raises:
        SpecError, ModelError, DataError: a case can't work as asked; found before anything is trained. Or a network's
            file was changed meanwhile.
        DeviceError: the device asked for does not really run models.
        StoreError: the store is full, or can't be reached or written; what was finished is kept.
        EngineError: the worker processes can't be started, or the cluster can't be used.
    """
    place = answering(read_place(on))
    progress = progress or Silent()
    cases = study.cases()
    check_sizes(cases, study.measure)
    folder = runs / study.name
    check_writable(folder)
    kept = open_store(store)
    kept.check()
    device = usable_device(study.measure.device)
    loaded = load_all(case.data for case in cases)
    with using(kept.place, study.name), scratch() as files:
        kept = kept.referred_by(study.name, study.model_dump(mode="json"))
        site = StudySite(cases, replace(kept, notice=unheard), device, study.measure, study.export, unsafe, files)
        work = Work(site, lambda: share(loaded, files), lambda: afar(site))
        with unchanged(cases), opened(place, work, files, progress) as engine:
            datasets, lost = fitting(cases, loaded, engine, unsafe)
            stages = Stages(kept, device, progress, datasets, unsafe, study.measure, cases, study.export, engine)
            outcomes = run_cases(stages, study, lost)
        return _written(stages, study, folder, outcomes)


def _written(stages: Stages, study: Study, folder: Path, outcomes: list[Outcome]) -> Run:
    """Measure what came of the cases, and write the run's folder."""
    results = Results(
        study=study.name,
        question=study.question,
        spec=study.measure,
        environment=describe(),
        rows=tuple(outcome.row for outcome in outcomes),
        measurements=tuple(measured(stages, study, outcomes)),
        example_sets=example_sets(stages.datasets.values()),
    )
    found = compared(results)
    if study.pictures:
        images = {each.test_digest: each.test_images for each in stages.datasets.values()}
        results = with_pictures(results, images, found.answers)
    return Run(folder, results, write_run(folder, results, outcomes, found))
