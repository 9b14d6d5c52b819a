"""Statistics of BatchNormalization, measured again on what the network as reconstructed so far feeds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from harness.prune.keras_graph.graph import Graph
from harness.prune.recover.reconstruct.jobs import Job
from harness.prune.recover.reconstruct.least_squares import Equations
from harness.prune.recover.reconstruct.linear import Array
from harness.prune.recover.reconstruct.network import Passage, to_numpy


def measure(passage: Passage, numbers: Sequence[int]) -> None:
    """Measure those of a BatchNormalization that is called so often, over all of its inputs."""
    calls = passage.network.graph.calls
    layer = calls[numbers[0]].op
    total, square, count = np.zeros(()), np.zeros(()), 0
    for _, values in passage.upto(numbers[0]):
        at = numbers[0]
        for number in numbers:
            passage.network.forward(values, at, number)
            at = number
            x = np.moveaxis(to_numpy(values[calls[number].inputs[0]]).astype(np.float64), layer.axis, -1)
            rows = x.reshape(-1, x.shape[-1])
            total, square, count = total + rows.sum(axis=0), square + np.square(rows).sum(axis=0), count + len(rows)
    _write(layer, total / count, square / count - np.square(total / count))


def from_equations(layer: Any, job: Job, equations: Equations, matrix: Array) -> None:
    """Take those of a BatchNormalization right behind a layer from the equations that the layer was solved by."""
    mean, variance = equations.moments(matrix)
    _write(layer, job.how.unfold(mean), job.how.unfold(variance))


def _write(layer: Any, mean: Array, variance: Array) -> None:
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(np.maximum(variance, 0.0))


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
