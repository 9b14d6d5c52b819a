"""Networks in which some channels are told by others, so that all that a cut without them loses can be regained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from harness.prune import apply, plan
from harness.prune.keras_graph.reading import read_graph
from harness.prune.recover.reconstruct.network import Network
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.records import Reconstruction
from harness.spec import PruneSpec
from tests.prune.nets import array, randomised

L = keras.layers
Layer = Callable[[Any], Any]
SUMS = {1: (0, 2), 4: (3, 5)}  # a channel: those of which it is the sum
COPIES = {1: (0,), 4: (3,)}


def tell(layer: Any, told: Mapping[int, Sequence[int]]) -> None:
    """Make some channels of a layer sums of others of its."""
    for weight in layer.weights:
        value = array(weight)
        axis = -2 if "Transpose" in type(layer).__name__ and value.ndim > 1 else -1
        for channel, others in told.items():
            index: list[Any] = [slice(None)] * value.ndim
            index[axis] = channel
            value[tuple(index)] = value.take(list(others), axis=axis).sum(axis=axis)
        weight.assign(value)


def inputs_for(model: keras.Model, count: int, seed: int) -> list[np.ndarray]:
    """Normally distributed inputs."""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def outputs(model: keras.Model, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """All outputs of all examples, side by side: float64 (N, ...).

    Where TensorFlow does not run channels first, another layer does.
    """
    network = Network(read_graph(model))
    values = network.begun(inputs)
    network.forward(values, 0, len(network.graph.calls))
    made = [array(keras.ops.cast(values[index], "float32")) for index in network.graph.outputs]
    return np.concatenate([each.reshape(len(each), -1) for each in made], axis=1).astype(np.float64)


@dataclass(frozen=True)
class Found:
    """What a reconstruction did to a cut network.

    `before` and `after` are the root mean square off the original's outputs, as a share of their spread, on inputs
    that nothing was solved from.
    """

    model: keras.Model
    report: Reconstruction
    before: float
    after: float

    def solved(self, layer: str) -> bool:
        """Whether a layer has another kernel than the cut one."""
        return any(each.layer == layer and each.ridge is not None for each in self.report.solved)


def cut_and_reconstructed(model: keras.Model, remove: Mapping[str, Sequence[int]], count: int = 120) -> Found:
    """Cut channels out and reconstruct, from so many examples."""
    decided = plan(model, PruneSpec(remove={layer: tuple(channels) for layer, channels in remove.items()}))
    cut = apply(model, decided)
    held_out = inputs_for(model, 40, 99)
    wanted = outputs(model, held_out)

    def off() -> float:
        return float(np.sqrt(np.square(outputs(cut, held_out) - wanted).mean()) / wanted.std())

    before = off()
    report = reconstruct(model, decided, cut, inputs_for(model, count, 0))
    return Found(cut, report, before, off())


def behind(layer: Layer, shape: tuple[int, ...], maker: Any, told: Mapping[int, Sequence[int]] = SUMS) -> keras.Model:
    """A maker of six channels, of which two are told by others, then `layer`, then a head of three units."""
    given = keras.Input(shape)
    model = randomised(keras.Model(given, L.Dense(3, name="head")(L.Flatten()(layer(maker(given))))), seed=3)
    tell(maker, told)
    return model
