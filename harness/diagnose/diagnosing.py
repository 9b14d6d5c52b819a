"""From a model and its data to a diagnosis."""

from __future__ import annotations

from typing import Any

import keras
from numpy.typing import NDArray

from harness.base.progress import Progress, Silent
from harness.diagnose.checks.all import CHECKS
from harness.diagnose.cures.changes import CURED_GATES
from harness.diagnose.cures.prove import untried, with_proofs
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Diagnosis, Finding
from harness.diagnose.picture import finite, picture
from harness.diagnose.question.question import read_question
from harness.diagnose.ranking import ranked


def diagnose(  # noqa: PLR0913 - each is something that a user may leave out
    model: keras.Model,
    images: NDArray[Any],
    labels: NDArray[Any],
    *,
    loss: Any = None,
    history: Any = None,
    prove: bool = False,
    optimizer: Any = None,
    learning_rate: float | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find out why a network does not learn, or would not.

    Args:
        model: a classifier of one input and one output, functional or Sequential; compiled or not. Never changed.
        images: (N, ...) as they go into the network. A batch of them is looked at, and all are checked for NaN.
        labels: (N,) class numbers, or (N, classes) one-hot rows.
        loss: as for `model.compile`; the model's own where it is compiled.
        history: of a training that was disappointing: what `fit` returned, or metric -> value after each epoch.
        prove: train shortly without and with each cure that can be applied by itself.
        optimizer: as for `model.compile`; the model's own, or Adam.
        learning_rate: the one to test; the optimizer's own.
        progress: is told what is being looked at.

    Raises:
        SpecError: the loss is missing or unknown, or the learning rate is not a positive number.
        ModelError: the model's layers can't be seen, or it is no classifier.
        DataError: there are no images, or they are no numbers.
    """
    question = read_question(
        model, images, labels, loss=loss, history=history, optimizer=optimizer, learning_rate=learning_rate
    )
    evidence = Evidence(question)
    shown = progress or Silent()
    findings, complete = _run_checks(evidence, shown)
    if prove:
        findings = (
            with_proofs(evidence, findings, shown) if complete or _runs_once_cured(evidence) else untried(findings)
        )
    return _diagnosis(evidence, findings, complete)


def _run_checks(evidence: Evidence, progress: Progress) -> tuple[tuple[Finding, ...], bool]:
    """All findings in order, and whether every check could run."""
    findings: list[Finding] = []
    complete = True
    with progress.task(f"diagnose {evidence.question.model.name}", total=len(CHECKS)) as task:
        for check in CHECKS:
            found = [] if check.of_beginnings and evidence.knows_most else list(check.find(evidence))
            findings += _at_most_slow(found) if check.of_beginnings and evidence.has_learned else found
            task.advance()
            if check.gate and any(finding.severity == "stops learning" for finding in found):
                complete = False
                break
    return ranked(findings), complete


def _runs_once_cured(evidence: Evidence) -> bool:
    """Whether all that keeps the network from running is what a cure can be tried of."""
    for gate in (check for check in CHECKS if check.gate):
        stops = (finding for finding in gate.find(evidence) if finding.severity == "stops learning")
        if any(finding.kind not in CURED_GATES for finding in stops):
            return False  # and those after it may not be able to look
    return True


def _at_most_slow(found: list[Finding]) -> list[Finding]:
    """Findings of a network that does better than chance, so that nothing has stopped it."""
    return [
        finding.model_copy(update={"severity": "slows learning"}) if finding.severity == "stops learning" else finding
        for finding in found
    ]


def _diagnosis(evidence: Evidence, findings: tuple[Finding, ...], complete: bool) -> Diagnosis:
    question = evidence.question
    unchecked: list[str] = []
    if not complete:
        unchecked.append("the layers, gradients and first steps: the network can't run on this data as it is")
    elif not evidence.steps:
        unchecked.append(
            "the first steps and the learning rate: for this network and image size a step costs more than the "
            "seconds that a diagnosis has; diagnose a smaller one of the same design too"
        )
    unchecked += question.left_out
    return Diagnosis(
        model=question.model.name,
        loss=question.loss.name,
        backend=keras.backend.backend(),
        examples=evidence.batch_size if complete else 0,
        optimizer=type(question.optimizer).__name__,
        learning_rate=question.learning_rate,
        findings=findings,
        layers=picture(evidence) if complete else (),
        losses=tuple(map(finite, evidence.losses)) if complete else (),
        penalties=tuple(map(finite, evidence.penalties)) if complete else (),
        unchecked=tuple(unchecked),
    )
