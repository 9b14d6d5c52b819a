"""The importance of every channel, by the name of the method."""

from __future__ import annotations

import keras

from harness.base.errors import PruneError
from harness.channels.allocate import Scores
from harness.prune.choose.activations import activation, apoz
from harness.prune.choose.from_weights import FROM_WEIGHTS, random
from harness.prune.choose.gradients import obd, taylor
from harness.prune.choose.magnitudes import KerasWeights
from harness.prune.data.fitting import check_examples, shaped_like_classes
from harness.prune.data.given import Data
from harness.prune.keras_graph.trace import Trace

FROM_ACTIVATIONS = {"activation": activation, "apoz": apoz}
FROM_GRADIENTS = {"taylor": taylor, "obd": obd}


def score(model: keras.Model, trace: Trace, importance: str, data: Data) -> Scores:
    """The importance of every channel, at its root id: float64 (ids,).

    Raises:
        PruneError: the importance needs data that was not given, or that does not fit the model.
    """
    if importance == "random":
        return random(trace.channels, data.seed)
    if importance in FROM_WEIGHTS:
        return FROM_WEIGHTS[importance](KerasWeights(trace))
    if importance == "reconstruction":
        raise PruneError("importance 'reconstruction' is for ONNX files; use taylor or activation, or export the model")
    if not data.examples:
        raise PruneError(f"importance '{importance}' looks at data; give it, as data=images or --data NAME")
    check_examples([trace.graph.shapes[index] for index in trace.graph.inputs], data.examples)
    if importance in FROM_ACTIVATIONS:
        return FROM_ACTIVATIONS[importance](trace, data.examples)
    outputs = len(trace.graph.outputs)
    if len(data.labels) != outputs:
        if outputs > 1:
            raise PruneError(
                f"importance '{importance}' needs labels for each of the {outputs} outputs; in Python, give "
                "data=(images, [labels, others]), or take activation or apoz, which need none"
            )
        raise PruneError(f"importance '{importance}' needs labels; give them, as data=(images, labels) or --data NAME")
    shapes = [trace.graph.shapes[index] for index in trace.graph.outputs]
    labels = [shaped_like_classes(part, shape) for part, shape in zip(data.labels, shapes, strict=True)]
    return FROM_GRADIENTS[importance](model, trace, data.examples, labels)
