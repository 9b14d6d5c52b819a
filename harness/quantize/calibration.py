"""The images that ranges are found from, and those that answers are compared on, as a file takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError, MeasureError, QuantizeError
from harness.measure.accuracy.judging import matching
from harness.measure.accuracy.predictions import predict
from harness.measure.accuracy.scale import MOST_EXAMPLES, Scale, answers_otherwise
from harness.measure.files.model_file import ModelFile
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.examples import fitted
from harness.measure.runtime.session import SessionSettings, open_session, reason

Array = NDArray[Any]
BATCH = 16


class Reader:
    """Batches as onnxruntime's calibrators ask for them: an array by input name, None at the end."""

    def __init__(self, batches: Iterator[Mapping[str, Array]]) -> None:
        self._batches = batches

    def get_next(self) -> dict[str, Array] | None:
        """The next batch."""
        batch = next(self._batches, None)
        return None if batch is None else dict(batch)


def batches(file: ModelFile, images: Array, most: int) -> Iterator[dict[str, Array]]:
    """At most so many images, (N, ...), in batches that a file takes; what is left of a fixed batch is not used.

    Raises:
        QuantizeError: the file has several inputs.
        DataError: the images don't fit it, are too few for its batch, or not finite.
    """
    wanted = only_input(file)
    taken, _ = fitted(str(file.path), wanted, images[:most])
    if not np.isfinite(taken).all():
        raise DataError("the images hold NaN or infinity; mend or remove those")
    fixed = wanted.shape[0] if wanted.shape else None
    size = fixed or min(BATCH, len(taken))
    if len(taken) < size or not len(taken):
        raise DataError(f"{file.path}: {len(taken)} images, and it takes {size or 1} at once; give more")
    ends = range(0, len(taken) - size + 1 if fixed else len(taken), size)
    return ({wanted.name: np.ascontiguousarray(taken[at : at + size], wanted.dtype)} for at in ends)


def only_input(file: ModelFile) -> ModelInput:
    """The input of a file that has one.

    Raises:
        QuantizeError: it has none or several.
    """
    if len(file.inputs) != 1:
        raise QuantizeError(
            f"{file.path}: has {len(file.inputs)} inputs, and images are for one; give a model with one, or --fp16 "
            "without --data"
        )
    return file.inputs[0]


def check_runs(file: ModelFile) -> None:
    """Refuse a file that can't be run here, in whatever precision.

    Raises:
        MeasureError: onnxruntime can't load it.
    """
    try:
        open_session(file.path, SessionSettings())
    except Exception as error:  # onnxruntime raises many kinds
        raise MeasureError(f"{file.path}: onnxruntime can't load it: {reason(error)}") from None


def check_scale(file: ModelFile, images: Array, labels: NDArray[np.int64], scale: Scale) -> None:
    """Refuse images of the wrong scale: on the other one the file gets far more of them right.

    Raises:
        DataError: it does; the line says what to give.
    """
    path = Path(file.path)
    some, truth = images[:MOST_EXAMPLES], labels[:MOST_EXAMPLES]

    def right(values: Array) -> NDArray[np.bool_]:
        taken, _ = fitted(str(path), only_input(file), values)
        return matching(path, predict(path, taken, device="cpu").classes, truth)

    advice = answers_otherwise(right, some, scale)
    if advice is not None:
        raise DataError(f"{path}: {advice}")
