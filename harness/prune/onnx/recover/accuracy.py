"""How many labelled examples an ONNX graph answers right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from harness.base.crash import scratch
from harness.base.errors import MeasureError
from harness.measure.accuracy.judging import matching
from harness.measure.accuracy.predictions import predict
from harness.prune.onnx.graph.graph import Array


def accuracy(model: ir.Model, data: Mapping[str, Array], labels: Array) -> float:
    """The share of the examples, (N, ...) by input name, that are answered with their class number, (N,).

    Raises:
        MeasureError: the model is no classifier of one input and these classes; the message is about the model alone.
    """
    if len(data) != 1:
        raise MeasureError(f"has {len(data)} inputs; accuracy needs a model with one")
    (images,) = data.values()
    with scratch() as folder:
        path = folder / "model.onnx"
        ir.save(model, path)
        try:
            found = predict(path, images, device="cpu")
            right = matching(path, found.classes, labels)
        except MeasureError as error:
            raise MeasureError(str(error).removeprefix(f"{path}: ")) from None
    if found.n_class is not None and labels.max() >= found.n_class:
        raise MeasureError(f"tells {found.n_class} classes apart, and the labels go up to {labels.max()}")
    return float(np.mean(right))
