"""What is asked of a bundle, and whether it can be: found out before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.errors import BundleError
from harness.base.shapes import agrees
from harness.data import Dataset, load
from harness.deploy.manifest import Manifest, Tensor
from harness.deploy.received import Received, receive
from harness.measure.inputs.declared import kind_of
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


def device_for(bundle: Path, manifest: Manifest, asked: Device) -> Device:
    """Where to run a bundle: where it was measured, which is where it is for.

    Raises:
        BundleError: another device is asked for.
    """
    own: Device = "auto" if manifest.device == "cuda+cpu" else manifest.device
    if asked not in ("auto", own) and not (asked == "cuda" and own == "auto"):
        raise BundleError(
            f"{bundle}: is for {manifest.device}, not for {asked}; bundle a run that was measured on {asked}, or leave "
            "--device out"
        )
    return own


def batch_sizes_for(bundle: Path, manifest: Manifest, gates: Gates) -> tuple[int, ...]:
    """The batch sizes to time: those asked for, else 1 or the only one that the model takes.

    Raises:
        BundleError: it takes only another one.
    """
    fixed = manifest.inputs[0].shape[0] if manifest.inputs[0].shape else None
    if gates.batch_sizes is None:
        return (fixed or 1,)
    if fixed is not None and gates.batch_sizes != (fixed,):
        raise BundleError(f"{bundle}: its batch is fixed at {fixed}; leave --batch out, or export it with an open one")
    return gates.batch_sizes


def baseline_for(question: Question, received: Received, folder: Path) -> Received | None:
    """The baseline's bundle, copied into the empty `folder`; None where none is given.

    Raises:
        BundleError: it takes or gives something else than the bundle, be it in another precision, is for another
            device, or is damaged.
    """
    if question.against is None:
        return None
    baseline = receive(question.against, folder)
    theirs, ours = baseline.manifest, received.manifest
    for kind, first, second in (("inputs", theirs.inputs, ours.inputs), ("outputs", theirs.outputs, ours.outputs)):
        if _whatever_precision(first) != _whatever_precision(second):
            raise BundleError(
                f"{question.against}: its {kind} are {_told(first)}, the bundle's {_told(second)}; give the bundle of "
                "what the model was made from"
            )
    if theirs.device != ours.device:
        raise BundleError(f"{question.against}: is for {theirs.device}, the bundle for {ours.device}; give another")
    return baseline


def dataset_for(question: Question, manifest: Manifest) -> Dataset | None:
    """The examples for the gates on accuracy, treated as those that the model was made for; None where none are given.

    Raises:
        DataError: they are missing, or have no labels.
        BundleError: they don't fit the model, or no gate needs them.
    """
    if question.data is None:
        return None
    own, options = manifest.data.spec, dict(question.options or {})
    if question.data != own.name:
        options = {"name": question.data, "folder": None, "limit": None, "label_noise": 0.0} | options
    spec = checked(DataSpec, {**own.model_dump(), **options}, "--data")
    wanted = manifest.inputs[0].shape[1:]
    dataset = load(spec).shaped_for(wanted)
    if not agrees(dataset.image_shape, wanted):
        raise BundleError(
            f"--data {spec.name}: examples are {_sizes(dataset.image_shape)}, the model takes {_sizes(wanted)}; give "
            "data that fits"
        )
    if manifest.labels and dataset.n_class != len(manifest.labels):
        raise BundleError(
            f"--data {spec.name}: has {dataset.n_class} classes, the model was made for {len(manifest.labels)}; give "
            "data of the same classes"
        )
    gated = any(name in question.gates.bounds for name in ACCURACY)
    if not gated and (dataset.digest != manifest.data.sha256 or manifest.accuracy is None):
        raise BundleError(
            f"--data {spec.name}: other examples than the bundle's, and no gate on accuracy; give --min-accuracy, or "
            "leave --data out"
        )
    return dataset


def _whatever_precision(tensors: Sequence[Tensor]) -> list[tuple[Sequence[int | None], str]]:
    return [(one.shape, kind_of(one.dtype)) for one in tensors]


def _told(tensors: Sequence[Tensor]) -> str:
    return ", ".join(f"{_sizes(one.shape)}:{one.dtype}" for one in tensors)


def _sizes(shape: Sequence[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)
