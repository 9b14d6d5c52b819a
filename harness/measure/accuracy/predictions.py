"""What an ONNX classifier answers, in batches.

The classes are the last axis of the model's first output. An output of one element says which of two classes: 1 above
0.5 where a Sigmoid made it, else above 0, as a logit. Whole numbers, one an example, are the classes themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.base.predicted import LOGIT, NO_ANSWER, PROBABILITY, answered
from harness.base.progress import Progress, Silent
from harness.measure.inputs.declared import ModelInput
from harness.spec import Device

if TYPE_CHECKING:
    from harness.measure.files.model_file import ModelFile

# Operators after which a number is a probability, and those that change no number's place beside others.
SQUASHING = {"Sigmoid", "HardSigmoid", "Softmax"}
MOVING = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
PASSING_ON = {*MOVING, "Cast", "QuantizeLinear", "DequantizeLinear"}


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model answers, and where it ran.

    `classes`: int64 (N,) or, for several positions an example, (N, P); NO_ANSWER where a score is NaN. `n_class` is
    how many the model tells apart; None where it gives classes instead of scores.
    """

    classes: NDArray[np.int64]
    n_class: int | None
    device: str


def predict(
    path: Path,
    images: NDArray[Any],
    *,
    device: Device = "auto",
    batch_size: int = 256,
    progress: Progress | None = None,
) -> Predictions:
    """The answers of an ONNX classifier to at least one example, (N, ...) as its one input wants them.

    Raises:
        MeasureError: the model has several inputs, or can't be run on these examples.
        DeviceError: `device` is `cuda` and any part of the model falls to the CPU.
    """
    from harness.measure.files.model_file import read_model
    from harness.measure.runtime.environment import usable_cpus
    from harness.measure.runtime.placement import open_placed
    from harness.measure.runtime.session import reason

    file = read_model(path)
    wanted = only_input(file)
    threshold = threshold_of(file)
    fixed = wanted.shape[0] if wanted.shape else None
    step = fixed or batch_size
    session, where = open_placed(path, device, {wanted.name: _batch(wanted, images, 0, step, fixed)}, usable_cpus())
    output = session.get_outputs()[0].name
    parts, n_class = [], None
    with (progress or Silent()).task(f"evaluate {path.name}", len(images)) as task:
        for start in range(0, len(images), step):
            count = min(step, len(images) - start)
            batch = _batch(wanted, images, start, step, fixed)
            try:
                scores = session.run([output], {wanted.name: batch})[0]
            except Exception as error:  # onnxruntime raises many kinds
                raise MeasureError(f"{path}: can't be run on these examples: {reason(error)}{_cure(images)}") from None
            best, n_class = _answers(path, scores, threshold)
            if len(best) < count:
                raise MeasureError(
                    f"{path}: gives {len(best)} answers to {count} examples; it is no classifier of each"
                )
            parts.append(best[:count])
            task.advance(count)
    return Predictions(np.concatenate(parts), n_class, where)


def only_input(file: ModelFile) -> ModelInput:
    """The input of a model that has one.

    Raises:
        MeasureError: it has none or several.
    """
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


def _cure(images: NDArray[Any]) -> str:
    """What to do about examples that a model can't be run on: images may have to be of another size."""
    return "; give --resize where it takes images of another size" if images.ndim == 4 else ""


def _answers(path: Path, scores: Any, threshold: float) -> tuple[NDArray[np.int64], int | None]:
    """The answers that a batch's scores give, and among how many classes; None where they are classes already."""
    if not isinstance(scores, np.ndarray) or scores.dtype.kind not in "fiub" or scores.ndim == 0:
        raise MeasureError(f"{path}: its first output is no array of numbers; accuracy needs scores or class numbers")
    if scores.dtype.kind in "iu" and scores.size == len(scores):
        return scores.reshape(-1).astype(np.int64), None
    if scores.ndim == 1:
        scores = scores[:, np.newaxis]
    best = answered(scores, threshold)
    if scores.dtype.kind == "f":
        best[np.isnan(scores).any(axis=-1)] = NO_ANSWER
    return best, max(2, scores.shape[-1])


def _batch(wanted: ModelInput, images: NDArray[Any], start: int, step: int, fixed: int | None) -> NDArray[Any]:
    """The examples from `start`, in the model's type; the last batch of a fixed size is filled up with repeats."""
    batch = np.ascontiguousarray(images[start : start + step], dtype=wanted.dtype)
    if fixed is not None and len(batch) < fixed:
        batch = np.resize(batch, (fixed, *batch.shape[1:]))
    return batch
