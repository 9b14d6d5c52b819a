"""Predictions of an ONNX file on a test set, in batches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.base.predicted import LOGIT, PROBABILITY, answered
from harness.measure.inputs.declared import ModelInput
from harness.records import Accuracy
from harness.spec import Device

if TYPE_CHECKING:
    from harness.measure.files.model_file import ModelFile

# Operators after which a number is a probability, and those that change no number's place beside others.
SQUASHING = {"Sigmoid", "HardSigmoid", "Softmax"}
MOVING = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
PASSING_ON = {*MOVING, "Cast", "QuantizeLinear", "DequantizeLinear"}


def evaluate(
    path: Path, images: NDArray[Any], labels: NDArray[Any], *, device: Device = "auto", batch_size: int = 256
) -> Accuracy:
    """Which examples an ONNX classifier gets right, and where it ran.

    `images`: (N, ...) as the model's one input wants them; a memory-mapped array is read batch by batch.
    `labels`: integers (N,) or, for several positions an example, (N, P). The classes are the last axis of the
    model's first output; an example with several positions is right when all of them are. An output of one element
    says which of two classes: 1 above 0.5 where a Sigmoid made it, else above 0, as a logit.

    Raises:
        MeasureError: the model can't be run on these examples, or the labels don't fit its output.
        DeviceError: `device` is `cuda` and any part of the model falls to the CPU.
    """
    from harness.measure.files.model_file import read_model
    from harness.measure.runtime.environment import usable_cpus
    from harness.measure.runtime.placement import open_placed
    from harness.measure.runtime.session import reason

    if len(images) == 0 or len(images) != len(labels):
        raise MeasureError(
            f"{path}: {len(images)} examples and {len(labels)} labels; need as many of both, at least one"
        )
    file = read_model(path)
    wanted = _only_input(file)
    threshold = threshold_of(file)
    fixed = wanted.shape[0] if wanted.shape else None
    step = fixed or batch_size
    session, where = open_placed(path, device, {wanted.name: _batch(wanted, images, 0, step, fixed)}, usable_cpus())
    output = session.get_outputs()[0].name
    correct = np.empty(len(labels), dtype=bool)
    for start in range(0, len(labels), step):
        part = labels[start : start + step]
        batch = _batch(wanted, images, start, step, fixed)
        try:
            scores = session.run([output], {wanted.name: batch})[0][: len(part)]
        except Exception as error:  # onnxruntime raises many kinds
            raise MeasureError(f"{path}: can't be run on these examples: {reason(error)}") from None
        correct[start : start + step] = right(path, scores, part, threshold)
    return judged(correct, labels, where)


def judged(correct: NDArray[np.bool_], labels: NDArray[Any], device: str) -> Accuracy:
    """Which of the examples were right, bool (N,), as a record."""
    return Accuracy(correct="".join(np.where(correct, "1", "0")), device=device, chance=commonest_share(labels))


def commonest_share(labels: NDArray[Any]) -> float:
    """The share of the commonest answer among `labels`, (N,) or (N, P): what always giving it would score."""
    _, counts = np.unique(labels, axis=0, return_counts=True)
    return float(counts.max() / len(labels))


def _only_input(file: ModelFile) -> ModelInput:
    if len(file.inputs) != 1:
        raise MeasureError(f"{file.path}: has {len(file.inputs)} inputs; accuracy needs a model with one")
    return file.inputs[0]


def threshold_of(file: ModelFile) -> float:
    """Above what a single first output says class 1: 0.5 for a probability, else 0."""
    graph = file.proto.graph
    makers = {name: node for node in graph.node for name in node.output}
    node = makers.get(graph.output[0].name)
    while node is not None and node.op_type in PASSING_ON:
        node = makers.get(node.input[0])
    return PROBABILITY if node is not None and node.op_type in SQUASHING else LOGIT


def _batch(wanted: ModelInput, images: NDArray[Any], start: int, step: int, fixed: int | None) -> NDArray[Any]:
    """The examples from `start`, in the model's type; the last batch of a fixed size is filled up with repeats."""
    batch = np.ascontiguousarray(images[start : start + step], dtype=wanted.dtype)
    if fixed is not None and len(batch) < fixed:
        batch = np.resize(batch, (fixed, *batch.shape[1:]))
    return batch


def right(path: Path | str, scores: NDArray[Any], labels: NDArray[Any], threshold: float = LOGIT) -> NDArray[np.bool_]:
    """Which examples are classified correctly: bool (N,). `scores`: (N, classes) or (N, P, classes).

    `threshold` is for scores of one element, which say class 1 above it.
    """
    best = answered(scores, threshold)
    if best.ndim == 2 and best.shape[1] == 1 and labels.ndim == 1:
        best = best[:, 0]
    if best.shape != labels.shape:
        raise MeasureError(f"{path}: gives answers of shape {best.shape}, the labels have shape {labels.shape}")
    hits: NDArray[np.bool_] = np.all((best == labels).reshape(len(labels), -1), axis=1)
    return hits
