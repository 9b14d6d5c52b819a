"""The road from a study to its results: the only module that chains stages.

Every stage is an artifact in the store, keyed by what it was made from, so an interrupted run goes on where it
stopped and an unchanged stage is not run again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from harness.base.crash import step
from harness.base.progress import Progress, Silent
from harness.base.store import Store
from harness.compare.results import Results
from harness.data import load_all
from harness.measure.runtime.environment import describe
from harness.measure.runtime.usable import usable_device
from harness.pipeline.fitting import fitting_data
from harness.pipeline.folder import check_writable, write_run
from harness.pipeline.measuring import measured
from harness.pipeline.rows import Outcome, planned, run_case
from harness.pipeline.stages import Stages
from harness.report import ReportPaths
from harness.spec import Study

log = logging.getLogger("harness")


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
    stages = Stages(
        Store(store, notice=log.warning), device, progress, datasets, unsafe, study.measure, cases, study.export
    )
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
