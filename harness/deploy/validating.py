"""A bundle on this machine, now: is it what it says it is, and does it keep its gates?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from harness import stats
from harness.base.crash import scratch, step
from harness.base.errors import DamagedError, DeviceError, HarnessError
from harness.base.progress import Progress, Silent
from harness.data import Dataset
from harness.deploy import layout
from harness.deploy.checks import check
from harness.deploy.gates.judged import Judged, accuracy_gates, recorded_answers, size_gate
from harness.deploy.gates.measuring import Asked, decided, gates_to_measure
from harness.deploy.manifest import Manifest
from harness.deploy.question import (
    ACCURACY,
    Question,
    baseline_for,
    batch_sizes_for,
    dataset_for,
    device_for,
    require_evidence,
)
from harness.deploy.received import Received, receive
from harness.deploy.validation import Finding, Validation
from harness.deploy.vectors import Array, read_vectors
from harness.measure.accuracy import evaluate
from harness.measure.runtime.environment import describe
from harness.spec import Device


def validate(bundle: Path, question: Question, progress: Progress | None = None) -> Validation:
    """Check a bundle and hold it against its gates.

    A bundle that is damaged, or does not do here what it did, fails before anything is measured.

    Raises:
        SpecError, BundleError: what is asked can't be answered: no such bundle, gates without what decides them,
            another device, a baseline that takes other inputs.
        DataError: the data is missing, has no labels, or does not fit.
        DeviceError: the device does not really run the model.
    """
    require_evidence(question)
    with scratch() as folder:
        try:
            return _validated(bundle, question, folder, progress or Silent())
        except HarnessError as error:  # it speaks of the copies, which nobody knows
            said = str(error).replace(str(folder / "bundle"), str(bundle))
            raise type(error)(said.replace(str(folder / "baseline"), str(question.against))) from None


def _validated(bundle: Path, question: Question, folder: Path, progress: Progress) -> Validation:
    start = time.monotonic()
    try:
        with step(f"receive {bundle.name}"):
            received = receive(bundle, _made(folder / "bundle"))
    except DamagedError as error:
        line = str(error).removeprefix(f"{bundle}: ")
        name = "schema" if line.startswith(layout.MANIFEST) else "hashes"
        damaged = Finding(name=name, decision="fail", line=line)
        return _validation(bundle, None, None, [damaged], start)
    device = device_for(bundle, received.manifest, question.gates.device)
    batch_sizes = batch_sizes_for(bundle, received.manifest, question.gates)
    baseline = baseline_for(question, received, _made(folder / "baseline"))
    dataset = dataset_for(question, received.manifest)
    try:
        with step(f"check {bundle.name}"):
            findings = list(check(received, device))
    except DeviceError as error:  # what it says of --device would be refused
        where = received.manifest.device
        raise DeviceError(
            f"{str(error).partition('; ')[0]}; the bundle is for {where}: see `harness doctor`, or bundle a run that "
            "was measured where this one runs"
        ) from None
    if all(finding.decision == "pass" for finding in findings):
        models = [each for each in (baseline, received) if each is not None]
        findings += _gated(question, models, dataset, (device, batch_sizes), progress)
    return _validation(bundle, received.manifest, baseline, findings, start)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _gated(
    question: Question,
    models: Sequence[Received],
    dataset: Dataset | None,
    how: tuple[Device, tuple[int, ...]],
    progress: Progress,
) -> list[Finding]:
    """What becomes of every gate; `models` are the baseline, where there is one, and the bundle."""
    gates, own = question.gates, models[-1]
    device, batch_sizes = how
    measured = gates_to_measure(gates.bounds, batch_sizes)
    decisions = len(measured) + sum(name in gates.bounds for name in ACCURACY)
    found = list(size_gate(gates.bounds, own.manifest.model.size_bytes))
    compared = models if "max_accuracy_drop" in gates.bounds else models[-1:]
    judged = None if dataset is None else _judged(compared, dataset, (device, decisions), progress)
    if judged is not None:
        found += recorded_answers(own.manifest, judged)
        found += accuracy_gates(gates.bounds, judged)
    if measured:
        spec = gates.measuring(device, batch_sizes)
        asked = Asked([each.model for each in models], _fed(own), spec, own.manifest.device, decisions)
        found += decided(measured, asked, progress)
    return found


def _fed(bundle: Received) -> dict[str, Array]:
    """The test vectors, by the input's name: what the models are fed when they are timed."""
    inputs, _ = read_vectors(bundle.folder, bundle.manifest)
    return {one.name: array for one, array in zip(bundle.manifest.inputs, inputs, strict=True)}


def _judged(models: Sequence[Received], dataset: Dataset, how: tuple[Device, int], progress: Progress) -> Judged:
    """Which examples `models` get right: the bundle's, and where it is asked for, the baseline's before it."""
    device, decisions = how
    with progress.task("evaluate"):
        found = [evaluate(each.model, dataset.test_images, dataset.test_labels, device=device) for each in models]
    same = dataset.digest == models[-1].manifest.data.sha256
    which = "the bundle's own" if same else "not the bundle's"
    return Judged(
        own=found[-1],
        baseline=found[0] if len(found) > 1 else None,
        confidence=1 - (1 - stats.CONFIDENCE) / max(1, decisions),
        examples=f"{len(dataset.test_labels):,} test examples, {which}",
        same=same,
    )


def _validation(
    bundle: Path, manifest: Manifest | None, baseline: Received | None, findings: Sequence[Finding], start: float
) -> Validation:
    environment = describe()
    return Validation(
        bundle=str(bundle),
        name=bundle.name if manifest is None else manifest.name,
        sha256=None if manifest is None else manifest.sha256,
        against=None if baseline is None else baseline.manifest.sha256,
        confidence=stats.CONFIDENCE,
        findings=tuple(findings),
        versions=environment["versions"],
        machine=environment["cpu"],
        seconds=time.monotonic() - start,
    )
