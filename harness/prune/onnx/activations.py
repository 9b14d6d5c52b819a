"""What the channels of an ONNX graph do on data: the tensors that kernels read, run batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import ModelError, PruneError
from harness.channels.allocate import Scores
from harness.channels.names import NO_CHANNEL, Names, along, compact, varying_axes
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.graph.trace import Trace

Array = npt.NDArray[Any]
BATCH = 16


def runs(trace: Trace, data: Mapping[str, Array], tensors: list[str]) -> Iterator[list[Array]]:
    """What some tensors hold, by batches of the examples.

    Args:
        trace: the graph.
        data: examples by input name, (N, ...) each.
        tensors: their names.

    Raises:
        PruneError: the examples don't fit the model.
    """
    runner = Runner(with_outputs(trace.graph.model, tensors))
    for feeds in _batches(data, trace.graph.batch or BATCH):
        try:
            yield runner.run(feeds)
        except ModelError as error:
            raise PruneError(f"data: {error}; give examples as the model takes them") from None


def averaged(trace: Trace, data: Mapping[str, Array], measure: Callable[[Array], Array]) -> Scores:
    """The mean of a measure over examples and positions, for each channel, in the tensors that kernels read."""
    sums, counts = np.zeros(trace.channels.count), np.zeros(trace.channels.count)
    watched = _read_tensors(trace)
    for made in runs(trace, data, list(watched)):
        for names, values in zip(watched.values(), made, strict=True):
            ids, means = _by_channel(trace.channels.find(names), measure(np.asarray(values, np.float64)))
            np.add.at(sums, ids, means)
            np.add.at(counts, ids, 1.0)
    return sums / np.maximum(counts, 1.0)


def _batches(data: Mapping[str, Array], size: int) -> Iterator[dict[str, Array]]:
    """Examples in batches of one size, where there are as many; inputs without as many examples are given whole."""
    count = max(len(array) for array in data.values())
    for start in range(0, max(1, count - size + 1), size):
        yield {name: array[start : start + size] if len(array) == count else array for name, array in data.items()}


def _by_channel(names: Names, values: Array) -> tuple[Names, Array]:
    """The channels of a tensor and the mean of the values of each."""
    axes = varying_axes(names)
    if not axes:
        ids, means = compact(names).ravel()[:1], values.mean(keepdims=True).ravel()
    else:
        ids = along(names, axes[0])
        means = np.moveaxis(values, axes[0], 0).reshape(len(ids), -1).mean(axis=1)
    named = ids != NO_CHANNEL
    return ids[named], means[named]


def _read_tensors(trace: Trace) -> dict[str, Names]:
    """The tensors that kernels read; for channels that none reads, those of the nodes that make them."""
    read: dict[str, Names] = {}
    covered = np.zeros(trace.channels.count + 1, np.bool_)
    for cut in trace.notes.cuts:
        for value in trace.graph.nodes[cut.node].inputs if cut.role == "kernel" else ():
            name = "" if value is None else str(value.name)
            if name in trace.tensors and (compact(trace.tensors[name]) != NO_CHANNEL).any():
                read[name] = trace.tensors[name]
                covered[compact(trace.channels.find(read[name]))] = True
    for path in trace.channels.made:
        name = str(trace.graph.nodes[path].outputs[0].name)
        roots = compact(trace.channels.find(trace.tensors[name]))
        if not covered[roots[roots != NO_CHANNEL]].all():
            read[name] = trace.tensors[name]
    return read
