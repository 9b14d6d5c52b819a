"""Which models can be diagnosed: their layers can be seen, and they say which class an example is of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.base.errors import ModelError
from harness.diagnose.question.labels import read_labels
from harness.diagnose.question.losses import Loss


def check_readable(model: keras.Model) -> None:
    """Raise ModelError unless the model's layers can be seen and it has one input and one output."""
    if not isinstance(model, keras.Model):
        raise ModelError(f"expected a Keras model, not {type(model).__name__}; load it with keras.models.load_model")
    if isinstance(model, keras.Sequential) and not model.built:
        raise ModelError(f"{model.name} is not built; give it an Input layer, or call model.build(input_shape)")
    if not hasattr(model, "inputs"):
        raise ModelError(
            f"{model.name} is subclassed, so its layers can't be seen; rebuild it as a functional or Sequential model"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; diagnose takes a model "
            f"with one of each: {_cut(model)}"
        )


def check_classifier(model: keras.Model, labels: NDArray[Any], loss: Loss) -> None:
    """Raise ModelError where what the model predicts is not one class an example."""
    *positions, width = model.output_shape[1:] or (None,)
    if any(length != 1 for length in positions) or width is None:
        raise ModelError(
            f"{model.name} gives an output of {'x'.join(map(str, model.output_shape[1:]))} for an example; diagnose "
            "takes classifiers, with one output for each class"
        )
    read = read_labels(labels, loss)
    numbers = labels.dtype.kind == "f" and read.encoding is None and bool(np.isfinite(labels).all())
    several = read.classes is not None and width == 1 and read.classes.max() > 1
    if loss.kind == "rows" and (numbers or several):
        raise ModelError(
            f"{model.name} with {loss.name} predicts numbers, not classes; diagnose takes classifiers, so give it the "
            "labels and loss of one"
        )


def _cut(model: keras.Model) -> str:
    """How to make a model of one input and one output of it: a line of Python that works."""
    if len(model.inputs) == 1:
        return "cut it to one with keras.Model(model.inputs, model.outputs[0])"
    for layer in model.layers:
        met = _only_output(layer)
        if met is None or met is model.outputs[0] or any(met is each for each in model.inputs):
            continue
        try:
            keras.Model(met, model.outputs[0])
        except ValueError:  # the output depends on something beside it
            continue
        return (
            f"its inputs have met in '{layer.name}', so diagnose what follows, keras.Model(model.get_layer("
            f"'{layer.name}').output, model.outputs[0]), on data that this layer made"
        )
    return "build one of the layers that lie between one input and one output"


def _only_output(layer: Any) -> Any:
    """The tensor that a layer makes; None for one that makes several, or is called several times."""
    try:
        return layer.output if isinstance(layer.output, keras.KerasTensor) else None
    except (AttributeError, ValueError):
        return None
