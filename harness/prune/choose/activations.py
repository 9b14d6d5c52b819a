"""How much each channel matters, from what it does on data: the values that the layers behind it read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.channels.allocate import Scores
from harness.channels.names import NO_CHANNEL, Names, compact
from harness.prune.keras_graph.graph import Call, run
from harness.prune.keras_graph.trace import Trace

Array = npt.NDArray[Any]
_BATCH = 32


def activation(trace: Trace, examples: Sequence[Array]) -> Scores:
    """Mean absolute activation (Molchanov et al., 2017, 'Pruning Convolutional Neural Networks')."""
    return _averaged(trace, examples, np.abs)


def apoz(trace: Trace, examples: Sequence[Array]) -> Scores:
    """Share of activations that are not zero: one less the average percentage of zeros.

    Hu et al., 2016, 'Network Trimming: A Data-Driven Neuron Pruning Approach'.
    """
    return _averaged(trace, examples, lambda values: (values != 0).astype(np.float64))


def _averaged(trace: Trace, examples: Sequence[Array], measure: Callable[[Array], Array]) -> Scores:
    """The mean of a measure over examples and positions, for each channel, in all the tensors that are looked at."""
    sums, counts = np.zeros(trace.channels.count), np.zeros(trace.channels.count)
    watched = _read_tensors(trace)

    def look(index: int, values: Array) -> None:
        names = trace.channels.find(watched[index])
        per_name = _fold(np.asarray(measure(values), np.float64).sum(axis=0, keepdims=True), names)
        roots = compact(names).ravel()
        named = roots != NO_CHANNEL
        np.add.at(sums, roots[named], per_name[named])
        np.add.at(counts, roots[named], values.size / len(roots))

    def step(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        made = call.op(*args, **{key: value for key, value in kwargs.items() if key != "training"})
        for index, value in zip(call.outputs, keras.tree.flatten(made), strict=True):
            if index in watched:
                look(index, keras.ops.convert_to_numpy(value))
        return made

    for start in range(0, len(examples[0]), _BATCH):
        run(trace.graph, [keras.ops.convert_to_tensor(part[start : start + _BATCH]) for part in examples], step)
    return sums / np.maximum(counts, 1.0)


def _fold(values: Array, names: Names) -> Array:
    """Values added up along the axes that the names are broadcast over, in the order of the compact names."""
    small = compact(names).shape
    axes = tuple(axis for axis, size in enumerate(small) if size == 1)
    return np.asarray(values.sum(axis=axes, keepdims=True)).reshape(-1)


def _read_tensors(trace: Trace) -> dict[int, Names]:
    """The tensors that a layer with a kernel reads; for channels that none reads, those that make them."""
    read: dict[int, Names] = {}
    covered = np.zeros(trace.channels.count + 1, np.bool_)
    for call in trace.graph.calls:
        if any(names.makes is not None and len(names.axes) > 1 for names in trace.layers[call.path].weights.values()):
            read[call.inputs[0]] = trace.tensors[call.inputs[0]]
            covered[compact(trace.channels.find(trace.tensors[call.inputs[0]]))] = True
    for call in trace.graph.calls:
        for index in call.outputs:
            roots = compact(trace.channels.find(trace.tensors[index]))
            if call.path in trace.channels.made and not covered[roots[roots != NO_CHANNEL]].all():
                read[index] = trace.tensors[index]
    return read
