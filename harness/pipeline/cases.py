"""All cases of a study: their data in the shape that their networks take, and then their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from harness.base.crash import step
from harness.base.errors import LostError
from harness.base.shapes import Sizes
from harness.data import Dataset
from harness.pipeline.engine.engine import Engine, Job
from harness.pipeline.fitting import fitting_data
from harness.pipeline.rows import Outcome, failed, planned, run_case
from harness.pipeline.side_by_side import side_by_side
from harness.pipeline.site import FIT
from harness.pipeline.stages import Stages
from harness.pipeline.tally import Tally
from harness.records import Row
from harness.spec import Case, DataSpec, Study


def fitting(
    cases: Sequence[Case], loaded: Mapping[DataSpec, Dataset], engine: Engine, unsafe: bool
) -> tuple[dict[str, Dataset], dict[str, LostError]]:
    """Each case's dataset by its name, as its network takes it; and why that can't be told of those that are lost.

    A network that the study trains is checked here, one in a file by the engine, since that runs it.

    Raises:
        SpecError, ModelError, PruneError, DataError: a case can't work as asked.
    """
    found: dict[str, Dataset] = {}
    lost: dict[str, LostError] = {}
    shaped: dict[tuple[DataSpec, Sizes], Dataset] = {}
    for case in cases:
        dataset = loaded[case.data]
        with step(f"check {case.name}"):
            if case.file is None and case.onnx is None:
                found[case.name] = fitting_data(case, dataset)
                continue
            looked_at = partial(_shape, case, dataset, unsafe)
            try:
                shape = engine.do(Job(FIT, (case,), key=f"{FIT} {case.model} {case.data}"), looked_at)
            except LostError as error:
                lost[case.name] = error
                continue
        if (case.data, shape) not in shaped:
            shaped[case.data, shape] = dataset.shaped_for(shape)
        found[case.name] = shaped[case.data, shape]
    return found, lost


def _shape(case: Case, dataset: Dataset, unsafe: bool) -> Sizes:
    return fitting_data(case, dataset, unsafe=unsafe).image_shape


def run_cases(stages: Stages, study: Study, lost: Mapping[str, LostError]) -> list[Outcome]:
    """The outcome of every row of a study, in its order; those of a case that is lost say why."""
    cases, progress = stages.cases, stages.progress
    rows = [row for case in cases for row in planned(case)]
    after_s = study.measure.budget_s if any(case.deploy for case in cases) else 0.0
    with progress.task(f"study {study.name}", total=len(rows)) as whole:
        tally = Tally(rows, progress, whole, at_once=stages.engine.at_once, after_s=after_s)

        def outcomes(numbered: tuple[int, Case]) -> list[Outcome]:
            number, case = numbered
            if case.name in lost:
                return failed(case, lost[case.name], tally.count)
            with progress.task(f"{number} of {len(cases)}: {case.name}", total=len(planned(case))) as task:

                def count(row: Row, seconds: float) -> None:
                    task.advance(note=row.variant)
                    tally.count(row, seconds)

                return run_case(stages, case, count)

        try:
            found = side_by_side(stages.engine, outcomes, list(enumerate(cases, start=1)))
        except KeyboardInterrupt:
            progress.line(f"{tally.done} of {len(rows)} rows are finished and kept", lasting=True)
            raise
    return [outcome for each in found for outcome in each]
