"""Importance by reconstruction: how much of what kernels compute is missed without a channel, once solved again.

A kernel of several offsets is taken for as many kernels of one: what other channels say at the same place makes up for
what went, and their neighbourhood is left out of account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from harness.base.errors import PruneError
from harness.channels.allocate import Scores
from harness.channels.names import NO_CHANNEL, Names, along, varying_axes
from harness.prune.choose.elimination import Reader, eliminated
from harness.prune.onnx.activations import BATCH, Array, averaged, runs
from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.trace import Trace

KINDS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum")
ROWS = 20_000  # values of each channel of a tensor, drawn from all examples


@dataclass
class _Read:
    """A tensor that kernels read: its channels along an axis, sums of their values and products, and the kernels."""

    axis: int
    roots: Names
    channels: Names = field(init=False)
    kernels: list[Array] = field(default_factory=list)
    rows: int = 0
    sums: Array = field(init=False)
    products: Array = field(init=False)

    def __post_init__(self) -> None:
        """No values yet."""
        self.channels = np.unique(self.roots[self.roots != NO_CHANNEL])
        self.sums, self.products = np.zeros(len(self.channels)), np.zeros((len(self.channels),) * 2)

    def add(self, values: Array, most: int, generator: np.random.Generator) -> None:
        """More values, of which at most so many of each channel are drawn."""
        rows = np.moveaxis(values, self.axis, -1).reshape(-1, values.shape[self.axis])
        enough = max(1, most * len(self.channels) // rows.shape[1])
        if len(rows) > enough:
            rows = rows[generator.choice(len(rows), enough, replace=False, shuffle=False)]
        columns = _by_channel(rows.T.astype(np.float64), self.roots, self.channels).reshape(len(self.channels), -1)
        self.sums += columns.sum(axis=1)
        self.products += columns @ columns.T
        self.rows += columns.shape[1]

    def readers(self) -> Iterator[Reader]:
        """Each kernel with the covariance of what it reads."""
        mean = self.sums / max(self.rows, 1)
        covariance = self.products / max(self.rows, 1) - np.outer(mean, mean)
        if not np.isfinite(covariance).all():
            raise PruneError("importance 'reconstruction' is not finite on this data; look for NaN in it")
        for kernel in self.kernels:
            yield Reader(self.channels.astype(np.intp), covariance, kernel)


def redundancy(trace: Trace, data: Mapping[str, Array], seed: int) -> Scores:
    """What is missed of each channel, at its root id: float64 (ids,).

    Of groups whose channels no kernel reads, it is the share of the squares of what they do.

    Raises:
        PruneError: the examples don't fit the model.
    """
    readers = list(_readers(trace, data, seed))
    scores, squares = np.zeros(trace.channels.count), None
    for group in trace.channels.groups():
        if group.pinned is not None or len(group.channels) < 2:
            continue
        channels = list(group.channels)
        own = [reader for reader in readers if np.isin(channels, reader.channels).any()]
        if own:
            scores[channels] = eliminated(own, channels)
            continue
        squares = averaged(trace, data, np.square) if squares is None else squares
        scores[channels] = squares[channels] / (squares[channels].sum() or 1.0)
    return scores


def _readers(trace: Trace, data: Mapping[str, Array], seed: int) -> Iterator[Reader]:
    found = _read(trace)
    generator = np.random.default_rng(seed)
    most = -(-ROWS * BATCH // max(len(array) for array in data.values()))
    for made in runs(trace, data, list(found)) if found else ():
        for read, values in zip(found.values(), made, strict=True):
            read.add(values, most, generator)
    for read in found.values():
        yield from read.readers()


def _read(trace: Trace) -> dict[str, _Read]:
    """The tensors whose channels kernels mix, by name."""
    found: dict[str, _Read] = {}
    for cut in trace.notes.cuts:
        node = trace.graph.nodes[cut.node]
        if cut.role != "kernel" or node.op_type not in KINDS or cut.index > 1:
            continue
        value, kernel = node.inputs[1 - cut.index], constant(node.inputs[cut.index])
        name = "" if value is None else str(value.name)
        if name not in trace.tensors or kernel is None or kernel.dtype.kind != "f":
            continue
        names = trace.channels.find(trace.tensors[name])
        axes = varying_axes(names)
        if len(axes) != 1:
            continue
        read = found[name] if name in found else _Read(axes[0], along(names, axes[0]))
        rows = _rows(trace, cut.axes, cut.makes, kernel, read)
        if rows is not None and _is_even(read.roots, read.channels):
            read.kernels.append(rows)
            found[name] = read
    return found


def _rows(trace: Trace, axes: Mapping[int, Names], makes: int | None, kernel: Array, read: _Read) -> Array | None:
    """A kernel's weights by the channels that it mixes, (channels, values); None where it mixes none."""
    for axis, ids in axes.items():
        roots = trace.channels.find(ids)
        if axis != makes and np.array_equal(np.unique(roots[roots != NO_CHANNEL]), read.channels):
            if not _is_even(roots, read.channels):
                return None
            rows = np.moveaxis(kernel, axis, 0).reshape(kernel.shape[axis], -1).astype(np.float64)
            return _by_channel(rows, roots, read.channels).reshape(len(read.channels), -1)
    return None


def _is_even(roots: Names, channels: Names) -> bool:
    """Whether each channel has as many positions as any other."""
    counts = np.unique(roots[roots != NO_CHANNEL], return_counts=True)[1]
    return len(channels) > 0 and bool((counts == counts[0]).all())


def _by_channel(rows: Array, roots: Names, channels: Names) -> Array:
    """What stands at the positions of each channel, in their order: (channels, positions of one, ...)."""
    named = np.flatnonzero(roots != NO_CHANNEL)
    order = named[np.argsort(roots[named], kind="stable")]
    return rows[order].reshape(len(channels), -1, *rows.shape[1:])
