"""The rows of a study, each brought down the road as far as it gets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.base.errors import HarnessError
from harness.base.store import Artifact
from harness.pipeline.engine.engine import FATAL, FailedError
from harness.pipeline.stages import Stages
from harness.pipeline.tally import Stopwatch
from harness.records import Accuracy, Export, Pruning, Quantization, Row, Training
from harness.spec import Case

log = logging.getLogger("harness")

Count = Callable[[Row, float], None]  # told of each row as it comes in, and how many seconds its making took


@dataclass(frozen=True)
class Outcome:
    """A row, and where its ONNX file is if it got that far."""

    row: Row
    onnx: Path | None = None


def planned(case: Case) -> list[Row]:
    """The rows that a case is to become: the original, trained on, and pruned; and again in each other precision."""
    longer = [Row(case=case, prune=None, longer_epochs=epochs) for epochs in (0, *case.longer_epochs)]
    made = [*longer, *(Row(case=case, prune=prune) for prune in case.prune)]
    return [each for row in made for each in (row, *_in_other_precisions(row))]


def _in_other_precisions(row: Row) -> Iterator[Row]:
    """The same row quantized; none of those that only stand beside others, to show what something was worth."""
    beside = row.longer_epochs or (row.prune is not None and (row.prune.baseline or row.prune.rows == "first"))
    for precision in () if beside else row.case.quantize:
        yield row.model_copy(update={"quantize": precision})


def run_case(stages: Stages, case: Case, count: Count) -> list[Outcome]:
    """The original and its variants; where the original can't be trained, none of them is there."""
    watch = Stopwatch()
    stages = replace(stages, made=watch.add)
    try:
        trained = stages.train(case)
        training = trained.record("training.json", Training)
    except FATAL:
        raise
    except Exception as error:
        return failed(case, error, count)
    known = {"training": training, "examples": stages.datasets[case.name].test_digest}
    outcomes = []
    for row in planned(case):
        outcomes.append(run_row(stages, row.model_copy(update=known), trained))
        count(outcomes[-1].row, watch.taken())
    return outcomes


def failed(case: Case, error: Exception, count: Count) -> list[Outcome]:
    """The rows of a case of which nothing can be made: each says why."""
    problem = told(error, case.name)
    outcomes = [Outcome(row.model_copy(update={"error": problem})) for row in planned(case)]
    for outcome in outcomes:
        count(outcome.row, 0.0)
    return outcomes


def run_row(stages: Stages, row: Row, trained: Artifact) -> Outcome:
    """Bring one network down the road, as far as it gets; a failure is told in its row."""
    try:
        row, source = made(stages, row, trained)
        if not row.case.deploy:
            return Outcome(row.model_copy(update={"accuracy": source.record("accuracy.json", Accuracy)}))
        exported = stages.export(row.case, source)
        if row.quantize is not None:
            exported = quantized(stages, row, exported)
            row = row.model_copy(update={"quantization": exported.record("quantization.json", Quantization)})
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


def quantized(stages: Stages, row: Row, exported: Artifact) -> Artifact:
    """The row's file in its precision. Which nodes `auto` leaves is chosen once, by the first seed that learned."""
    assert row.quantize is not None
    chosen = None
    lead = stages.lead(row.case)
    if row.quantize == "auto" and lead != row.case:
        _, source = made(stages, row.model_copy(update={"case": lead}), stages.train(lead))
        chosen = stages.quantize(lead, row.quantize, stages.export(lead, source), None, True)
    return stages.quantize(row.case, row.quantize, exported, chosen, row.case == lead)


def told(error: Exception, name: str) -> str:
    """A failure as one line for its row; the traceback of what the user can't mend goes to the log."""
    if isinstance(error, HarnessError):
        return str(error)
    log.error("%s failed", name, exc_info=error)
    if isinstance(error, FailedError):
        return str(error)
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"
