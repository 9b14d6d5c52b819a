"""A Keras model as a flat list of calls: what the other files here work on.

Each `Call` is one use of one layer (or of one raw `keras.ops` operation), and tensors are numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from harness.base.errors import PruneError

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Ref:
    """Stands for tensor number `index` in the arguments of a call."""

    index: int


@dataclass(frozen=True)
class Call:
    """One use of a layer. `path` names the layer: `conv1`, or `inner/conv1` inside a nested model.

    It runs `times` for one example: more than once inside TimeDistributed; None where the number of steps is unknown.
    """

    path: str
    op: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    times: int | None = 1


@dataclass
class Graph:
    """Calls in an order in which they can run; `shapes` holds the shape of each tensor, batch axis first.

    `entries` tells, for each model inside the model, by its path, the tensors that every one of its calls takes.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: tuple[Call, ...]
    shapes: dict[int, Shape]
    dtypes: dict[int, str]
    entries: dict[str, list[tuple[int, ...]]]
    models: dict[str, Any]

    @property
    def layers(self) -> dict[str, Any]:
        """Every layer and raw operation, once, by its path."""
        return {call.path: call.op for call in self.calls}

    def digest(self) -> str:
        """Identifies the architecture, whatever the layers' names and the weights' values are."""
        order = {path: number for number, path in enumerate(self.layers)}
        lines = [
            [
                type(call.op).__name__,
                order[call.path],
                call.inputs,
                call.outputs,
                [self.shapes[index] for index in call.outputs],
                [tuple(weight.shape) for weight in weights_of(call.op)],
            ]
            for call in self.calls
        ]
        text = json.dumps([self.inputs, [self.shapes[index] for index in self.inputs], self.outputs, lines])
        return hashlib.sha256(text.encode()).hexdigest()


def weights_of(op: Any) -> list[Any]:
    """The variables of a layer, in Keras's order, without the states of random generators; none for an operation."""
    return [weight for weight in getattr(op, "weights", []) if "seed_generator" not in weight.path]


def check_finite(graph: Graph) -> None:
    """Raise PruneError where a weight is not a finite number."""
    for path, op in graph.layers.items():
        for weight in weights_of(op):
            if not np.isfinite(keras.ops.convert_to_numpy(weight.value)).all():
                raise PruneError(f"weight '{weight.name}' of '{path}' holds NaN or infinity; train the model again")


def run(graph: Graph, inputs: Sequence[Any], call: Callable[[Call, tuple[Any, ...], dict[str, Any]], Any]) -> list[Any]:
    """Run every call through `call(call, args, kwargs)`, eagerly; return the model's outputs."""
    values = dict(zip(graph.inputs, inputs, strict=True))
    last_use = {index: number for number, step in enumerate(graph.calls) for index in step.inputs}
    for number, step in enumerate(graph.calls):
        args, kwargs = keras.tree.map_structure(
            lambda x: values[x.index] if isinstance(x, Ref) else x, (step.args, dict(step.kwargs))
        )
        made = keras.tree.flatten(call(step, args, kwargs))
        values.update(zip(step.outputs, made, strict=True))
        for index in step.inputs:
            if last_use[index] == number and index not in graph.outputs:
                values.pop(index, None)
    return [values[index] for index in graph.outputs]
