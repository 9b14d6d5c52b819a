"""The importance of every channel, by the name of the method, and the data that some methods need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.prune.choose.activations import activation, apoz
from harness.prune.choose.gradients import obd, taylor
from harness.prune.choose.magnitudes import FROM_WEIGHTS, Scores, random
from harness.prune.data.fitting import check_examples, shaped_like_classes
from harness.prune.keras_graph.trace import Trace

Array = npt.NDArray[Any]
FROM_ACTIVATIONS = {"activation": activation, "apoz": apoz}
FROM_GRADIENTS = {"taylor": taylor, "obd": obd}
ABOUT_THE_LOSS = frozenset(FROM_GRADIENTS)  # comparable between layers as they are
EXAMPLES = 512  # more change the ranking little, and cost time


@dataclass(frozen=True)
class Data:
    """Inputs and labels, one array for each input and output of the model; none where none were given."""

    examples: tuple[Array, ...]
    labels: tuple[Array, ...]
    seed: int

    @classmethod
    def of(cls, examples: Array | Sequence[Array] | None, labels: Array | Sequence[Array] | None, seed: int) -> Data:
        """At most `EXAMPLES` of them, drawn by the seed."""
        inputs, targets = _arrays(examples), _arrays(labels)
        count = min((len(part) for part in (*inputs, *targets)), default=0)
        if any(len(part) != count for part in (*inputs, *targets)):
            raise PruneError(f"data: {[len(part) for part in (*inputs, *targets)]} examples; give one label an example")
        if (inputs or targets) and not count:
            raise PruneError("data: there are no examples; give some")
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[:EXAMPLES])
        return cls(tuple(part[chosen] for part in inputs), tuple(part[chosen] for part in targets), seed)

    @classmethod
    def given(cls, data: Any, seed: int) -> Data:
        """From `inputs` or `(inputs, labels)`, or None."""
        if isinstance(data, tuple | list) and len(data) != 2:
            raise PruneError(f"data: {len(data)} parts; give images, or (images, labels)")
        examples, labels = data if isinstance(data, tuple | list) else (data, None)
        return cls.of(examples, labels, seed)


def score(model: keras.Model, trace: Trace, importance: str, data: Data) -> Scores:
    """The importance of every channel, at its root id: float64 (ids,).

    Raises:
        PruneError: the importance needs data that was not given, or that does not fit the model.
    """
    if importance == "random":
        return random(trace, data.seed)
    if importance in FROM_WEIGHTS:
        return FROM_WEIGHTS[importance](trace)
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


def _arrays(given: Array | Sequence[Array] | None) -> tuple[Array, ...]:
    if given is None:
        return ()
    return tuple(_array(part) for part in (given if isinstance(given, list | tuple) else [given]))


def _array(given: Any) -> Array:
    try:
        array = np.asarray(given)
        finite = bool(np.isfinite(array).all())
    except (TypeError, ValueError):
        raise PruneError("data: not numbers, or not all of one shape; give arrays of images and labels") from None
    if not array.ndim:
        raise PruneError(f"data: {given!r} is a single number; give arrays of images and labels")
    if not finite:
        raise PruneError("data: holds NaN or infinity; mend or remove those examples")
    return array
