"""A bundle on this machine, now: is it what it says it is, and does it keep its gates?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import stats
from harness.base.crash import scratch, step
from harness.base.errors import BundleError, DamagedError, HarnessError
from harness.base.progress import Progress, Silent
from harness.base.shapes import agrees
from harness.data import Dataset, load
from harness.deploy.checks import check
from harness.deploy.judged import Judged, accuracy_gates, size_gate
from harness.deploy.manifest import Manifest
from harness.deploy.measuring import Asked, decided, gates_to_measure
from harness.deploy.received import Received, receive
from harness.deploy.validation import Finding, Validation
from harness.deploy.vectors import Array, read_vectors
from harness.measure.accuracy import evaluate
from harness.measure.runtime.environment import describe
from harness.spec import DataSpec, Device, Gates, checked

ACCURACY = ("min_accuracy", "max_accuracy_drop")


@dataclass(frozen=True)
class Question:
    """What is asked of a bundle: its gates, the data for those on accuracy, and the baseline's bundle.

    `data` names a dataset; its other options are those of the bundle's own data, but for `options`.
    """

    gates: Gates
    data: str | None = None
    options: Mapping[str, Any] | None = None
    against: Path | None = None


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
        damaged = Finding(name="hashes", decision="fail", line=str(error).removeprefix(f"{bundle}: "))
        return _validation(bundle, None, None, [damaged], start)
    device = _device(bundle, received.manifest, question.gates.device)
    batch_sizes = _batch_sizes(bundle, received.manifest, question.gates)
    baseline = _baseline(question, received, folder)
    dataset = _dataset(question, received.manifest)
    with step(f"check {bundle.name}"):
        findings = list(check(received, device))
    if all(finding.decision == "pass" for finding in findings):
        models = [each for each in (baseline, received) if each is not None]
        findings += _gated(question, models, dataset, (device, batch_sizes), progress)
    return _validation(bundle, received.manifest, baseline, findings, start)


def require_evidence(question: Question) -> None:
    """That every gate has something to decide it.

    Raises:
        BundleError: names what is missing.
    """
    bounds = question.gates.bounds
    for name in ACCURACY:
        if name in bounds and question.data is None:
            raise BundleError(f"{name}: no examples to decide it; give --data")
    for name in ("max_accuracy_drop", "min_speedup"):
        if name in bounds and question.against is None:
            raise BundleError(f"{name}: nothing to compare with; give --against with the baseline's bundle")
    if question.data is not None and not any(name in bounds for name in ACCURACY):
        raise BundleError("--data decides gates on accuracy, and there is none; give one, such as --min-accuracy 0.9")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _device(bundle: Path, manifest: Manifest, asked: Device) -> Device:
    """Where to run it: where it was measured, which is where it is for."""
    own: Device = "cpu" if manifest.device == "cpu" else "cuda" if manifest.device == "cuda" else "auto"
    if asked not in ("auto", own) and not (asked == "cuda" and own == "auto"):
        raise BundleError(
            f"{bundle}: is for {manifest.device}, not for {asked}; bundle a run that was measured on {asked}, or leave "
            "--device out"
        )
    return own


def _batch_sizes(bundle: Path, manifest: Manifest, gates: Gates) -> tuple[int, ...]:
    fixed = manifest.inputs[0].shape[0] if manifest.inputs[0].shape else None
    if gates.batch_sizes is None:
        return (fixed or 1,)
    if fixed is not None and gates.batch_sizes != (fixed,):
        raise BundleError(f"{bundle}: its batch is fixed at {fixed}; leave --batch out, or export it with an open one")
    return gates.batch_sizes


def _baseline(question: Question, received: Received, folder: Path) -> Received | None:
    """The baseline's bundle, which takes what the bundle takes and answers alike."""
    if question.against is None:
        return None
    baseline = receive(question.against, _made(folder / "baseline"))
    theirs, ours = baseline.manifest, received.manifest
    for kind, first, second in (("inputs", theirs.inputs, ours.inputs), ("outputs", theirs.outputs, ours.outputs)):
        told = [
            ", ".join(
                f"{'x'.join('?' if size is None else str(size) for size in one.shape)}:{one.dtype}" for one in each
            )
            for each in (first, second)
        ]
        if told[0] != told[1]:
            raise BundleError(
                f"{question.against}: its {kind} are {told[0]}, the bundle's {told[1]}; give the bundle of what the "
                "model was made from"
            )
    if theirs.device != ours.device:
        raise BundleError(
            f"{question.against}: is for {theirs.device}, the bundle for {ours.device}; give one for the same"
        )
    return baseline


def _dataset(question: Question, manifest: Manifest) -> Dataset | None:
    """The examples for the gates on accuracy, treated as those that the model was made for."""
    if question.data is None:
        return None
    own = {**manifest.data.spec.model_dump(), "name": question.data, "folder": None, "limit": None, "label_noise": 0.0}
    spec = checked(DataSpec, {**own, **(question.options or {})}, "--data")
    wanted = manifest.inputs[0].shape[1:]
    dataset = load(spec).shaped_for(wanted)
    if not agrees(dataset.image_shape, wanted):
        shapes = [
            "x".join("?" if size is None else str(size) for size in shape) for shape in (dataset.image_shape, wanted)
        ]
        raise BundleError(
            f"--data {spec.name}: examples are {shapes[0]}, the model takes {shapes[1]}; give data that fits"
        )
    if manifest.labels and dataset.n_class != len(manifest.labels):
        raise BundleError(
            f"--data {spec.name}: has {dataset.n_class} classes, the model was made for {len(manifest.labels)}; give "
            "data of the same classes"
        )
    return dataset


def _sizes(shape: Sequence[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)


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
    judged = None if dataset is None else _judged(models, dataset, (device, decisions), progress)
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
    device, decisions = how
    with progress.task("evaluate"):
        found = [evaluate(each.model, dataset.test_images, dataset.test_labels, device=device) for each in models]
    known = models[-1].manifest.data
    which = "those it was bundled with" if dataset.digest == known.sha256 else "others than it was bundled with"
    return Judged(
        own=found[-1],
        baseline=found[0] if len(found) > 1 else None,
        confidence=1 - (1 - stats.CONFIDENCE) / decisions,
        examples=f"{len(dataset.test_labels):,} test examples, {which}",
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
