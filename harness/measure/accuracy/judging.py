"""Which answers are right, and what that says of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.base.predicted import LOGIT, answered
from harness.measure.accuracy.predictions import predict
from harness.records import Accuracy
from harness.spec import Device


def evaluate(
    path: Path, images: NDArray[Any], labels: NDArray[Any], *, device: Device = "auto", batch_size: int = 256
) -> Accuracy:
    """Which examples an ONNX classifier gets right, what it says of the others, and where it ran.

    `images`: (N, ...) as the model's one input wants them; a memory-mapped array is read batch by batch.
    `labels`: integers (N,) or, for several positions an example, (N, P); such an example is right when all of its
    positions are. What counts as a model's answer is told in `predictions.py`.

    Raises:
        MeasureError: the model can't be run on these examples, or the labels don't fit its output.
        DeviceError: `device` is `cuda` and any part of the model falls to the CPU.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise MeasureError(
            f"{path}: {len(images)} examples and {len(labels)} labels; need as many of both, at least one"
        )
    found = predict(path, images, device=device, batch_size=batch_size)
    correct = matching(path, found.classes, labels)
    single = found.classes.size == labels.size == len(labels)
    wrong = " ".join(map(str, found.classes.reshape(-1)[~correct].tolist())) if single else None
    return judged(correct, labels, found.device).model_copy(update={"wrong": wrong})


def judged(correct: NDArray[np.bool_], labels: NDArray[Any], device: str) -> Accuracy:
    """Which of the examples were right, bool (N,), as a record."""
    return Accuracy(correct="".join(np.where(correct, "1", "0")), device=device, chance=commonest_share(labels))


def commonest_share(labels: NDArray[Any]) -> float:
    """The share of the commonest answer among `labels`, (N,) or (N, P): what always giving it would score."""
    _, counts = np.unique(labels, axis=0, return_counts=True)
    return float(counts.max() / len(labels))


def right(path: Path | str, scores: NDArray[Any], labels: NDArray[Any], threshold: float = LOGIT) -> NDArray[np.bool_]:
    """Which examples are classified correctly: bool (N,). `scores`: (N, classes) or (N, P, classes).

    `threshold` is for scores of one element, which say class 1 above it.
    """
    return matching(path, answered(scores, threshold), labels)


def matching(path: Path | str, best: NDArray[np.int64], labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which answers, (N,) or (N, P), are the labels, of the same shape: bool (N,).

    Raises:
        MeasureError: the shapes differ.
    """
    if best.ndim == 2 and best.shape[1] == 1 and labels.ndim == 1:
        best = best[:, 0]
    if best.shape != labels.shape:
        raise MeasureError(
            f"{path}: gives answers of shape {best.shape}, the labels have shape {labels.shape}; give a model "
            "that gives one answer an example"
        )
    hits: NDArray[np.bool_] = np.all((best == labels).reshape(len(labels), -1), axis=1)
    return hits
