"""The importance of every channel of an ONNX graph: from its weights, or from what it does on data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import ModelError, PruneError
from harness.channels.allocate import Scores
from harness.channels.channels import Channels
from harness.channels.names import NO_CHANNEL, Names, along, compact, varying_axes
from harness.prune.choose.from_weights import FROM_WEIGHTS, Rows, random
from harness.prune.onnx.graph.dequantized import dequantized
from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.graph.trace import Trace

Array = npt.NDArray[Any]
_BATCH = 16
MEASURES: dict[str, Callable[[Array], Array]] = {
    "activation": np.abs,  # Molchanov et al., 2017
    "apoz": lambda values: (values != 0).astype(np.float64),  # Hu et al., 2016
}


@dataclass(frozen=True)
class OnnxWeights:
    """The weights of a traced graph."""

    trace: Trace

    @property
    def channels(self) -> Channels:
        """The channels that they are about."""
        return self.trace.channels

    def kernels(self) -> Iterator[tuple[Names, Rows]]:
        """Every constant that computes channels; of whole numbers, what they stand for."""
        for cut in self.trace.notes.cuts:
            held = dequantized(self.trace.graph.nodes[cut.node], cut.index) if cut.makes is not None else None
            if cut.makes is not None and held is not None:
                rows = np.moveaxis(held, cut.makes, 0)
                yield self.channels.find(cut.axes[cut.makes]), rows.reshape(len(rows), -1)

    def scales(self) -> Iterator[tuple[Names, Scores]]:
        """The scale of every BatchNormalization."""
        for cut in self.trace.notes.cuts:
            node = self.trace.graph.nodes[cut.node]
            if node.op_type == "BatchNormalization" and cut.index == 1:
                yield self.channels.find(cut.axes[0]), np.asarray(constant(node.inputs[1]), np.float64)


def score(trace: Trace, importance: str, data: Mapping[str, Array] | None, seed: int) -> Scores:
    """The importance of every channel, at its root id: float64 (ids,).

    Args:
        trace: the graph.
        importance: its name.
        data: examples by input name, (N, ...) each, for an importance that looks at what channels do.
        seed: for random importance.

    Raises:
        PruneError: the importance needs gradients, or data that was not given.
    """
    if importance == "random":
        return random(trace.channels, seed)
    if importance in FROM_WEIGHTS:
        return FROM_WEIGHTS[importance](OnnxWeights(trace))
    if importance not in MEASURES:
        raise PruneError(
            f"importance '{importance}' needs gradients, which an ONNX file does not have; use l1, l2, bn_scale, fpgm, "
            "activation or apoz"
        )
    if not data:
        raise PruneError(f"importance '{importance}' looks at data; give it, as data={{input: array}} or --data NAME")
    return _averaged(trace, data, MEASURES[importance])


def _averaged(trace: Trace, data: Mapping[str, Array], measure: Callable[[Array], Array]) -> Scores:
    """The mean of a measure over examples and positions, for each channel, in the tensors that kernels read."""
    sums, counts = np.zeros(trace.channels.count), np.zeros(trace.channels.count)
    watched = _read_tensors(trace)
    runner = Runner(with_outputs(trace.graph.model, list(watched)))
    for feeds in _batches(data, trace.graph.batch or _BATCH):
        try:
            made = runner.run(feeds)
        except ModelError as error:
            raise PruneError(f"data: {error}; give examples as the model takes them") from None
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
