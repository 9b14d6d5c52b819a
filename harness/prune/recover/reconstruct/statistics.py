"""Statistics of BatchNormalization, moved by as much as what it reads has moved against the original.

Where the network gives it exactly what the original did, they stay the original's; where those are the data's, this is
to measure them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from harness.channels.removal import Removal
from harness.prune.keras_graph.graph import Graph
from harness.prune.keras_graph.trace import Trace
from harness.prune.recover.reconstruct.designs.linear import Array
from harness.prune.recover.reconstruct.designs.rows import Rows, places_left, positions
from harness.prune.recover.reconstruct.jobs import Job
from harness.prune.recover.reconstruct.least_squares import Equations
from harness.prune.recover.reconstruct.network import Passage, to_numpy

ROWS = 20_000
Moments = tuple[Array, Array]  # mean and variance, of each channel


@dataclass
class _Sums:
    """Sums of values and of their squares, of each channel."""

    total: Any = 0.0
    square: Any = 0.0
    rows: int = 0

    def add(self, values: Array) -> None:
        """More rows, (rows, channels)."""
        wide = values.astype(np.float64)
        self.total, self.square = self.total + wide.sum(axis=0), self.square + np.square(wide).sum(axis=0)
        self.rows += len(wide)

    @property
    def moments(self) -> Moments:
        mean = self.total / self.rows
        return mean, np.maximum(self.square / self.rows - np.square(mean), 0.0)


class Statistics:
    """What the original gives to BatchNormalization, of those whose input is another in the cut network.

    `calls` are the numbers of each layer's calls, by its path.
    """

    def __init__(
        self, found: Trace, removal: Removal, calls: Mapping[str, Sequence[int]], batches: int, seed: int
    ) -> None:
        graph = found.graph
        self._calls, self._seed = calls, seed
        self._paths = {number: path for path, numbers in calls.items() for number in numbers}
        self._kept = {n: places_left(removal, found.tensors[graph.calls[n].inputs[0]]) for n in self._paths}
        self._axis = {n: graph.calls[n].op.axis for n in self._paths}
        self._most = {n: -(-ROWS // (batches * len(calls[path]))) for n, path in self._paths.items()}
        self._original = {path: _Sums() for path in calls}

    def __contains__(self, item: int | str) -> bool:
        """Whether a layer, by its path, or a call, by its number, is one of them."""
        return item in self._calls if isinstance(item, str) else item in self._paths

    def see_original(self, number: int, batch: int, x: Array) -> None:
        """What the original reads there."""
        axes = self._axes(number, x.ndim)
        rows = self._rows(number, batch, positions(x.shape, axes, self._kept[number]))
        self._original[self._paths[number]].add(rows.of(x, axes, self._kept[number]))

    def measure(self, path: str, passage: Passage) -> None:
        """Set those of a layer by what the cut network reads at the same positions."""
        calls, numbers = passage.network.graph.calls, self._calls[path]
        ours = _Sums()
        for batch, values in passage.upto(numbers[0]):
            at = numbers[0]
            for number in numbers:
                passage.network.forward(values, at, number)
                at = number
                x = to_numpy(values[calls[number].inputs[0]])
                axes = self._axes(number, x.ndim)
                ours.add(self._rows(number, batch, positions(x.shape, axes)).of(x, axes))
        _move(calls[numbers[0]].op, self._original[path].moments, ours.moments)

    def _axes(self, number: int, rank: int) -> list[int]:
        return [axis for axis in range(rank) if axis != self._axis[number] % rank]

    def _rows(self, number: int, batch: int, shape: Sequence[int]) -> Rows:
        return Rows.drawn_for(shape, self._most[number], self._seed, number, batch)


def from_equations(layer: Any, job: Job, equations: Equations, matrix: Array) -> None:
    """Set those of a BatchNormalization right behind a layer from the equations that the layer was solved by."""
    theirs, ours = equations.wanted_moments(), equations.moments(matrix)
    unfold = job.how.unfold
    _move(layer, (unfold(theirs[0]), unfold(theirs[1])), (unfold(ours[0]), unfold(ours[1])))


def _move(layer: Any, theirs: Moments, ours: Moments) -> None:
    mean, variance = (keras.ops.convert_to_numpy(each) for each in (layer.moving_mean, layer.moving_variance))
    scale = (ours[1] + layer.epsilon) / (theirs[1] + layer.epsilon)
    layer.moving_mean.assign(ours[0] + (mean - theirs[0]) * np.sqrt(scale))
    layer.moving_variance.assign(np.maximum((variance + layer.epsilon) * scale - layer.epsilon, 0.0))


def normalisation_behind(graph: Graph, job: Job) -> str | None:
    """The path of a BatchNormalization that reads what a layer makes, and nothing else, channel by channel."""
    if len(job.hows) > 1 or getattr(job.op, "activation", None) not in (None, keras.activations.linear):
        return None
    made = graph.calls[job.first].outputs[0]
    rank = len(graph.shapes[made])
    channels = set(range(rank)) - set(job.how.axes(rank))
    for call in graph.calls:
        if isinstance(call.op, keras.layers.BatchNormalization) and call.inputs == (made,):
            alone = sum(other.path == call.path for other in graph.calls) == 1
            if alone and channels == {call.op.axis % rank}:
                return call.path
    return None


def absorbs_bias(graph: Graph, job: Job, behind: str | None) -> bool:
    """Whether what a bias would add goes into the mean of the BatchNormalization behind, and nowhere else."""
    made = graph.calls[job.first].outputs[0]
    readers = {call.path for call in graph.calls if made in call.inputs}
    return behind is not None and readers == {behind} and made not in graph.outputs
