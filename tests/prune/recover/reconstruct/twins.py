"""Networks in which some channels are told by others, so that all that a cut without them loses can be regained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

import harness
from harness.prune import PruneResult
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.records import Reconstruction
from tests.prune.nets import array, randomised

L = keras.layers
Layer = Callable[[Any], Any]


def told_by_others(model: keras.Model, maker: str, removed: Sequence[int]) -> None:
    """Make some channels of a layer sums of two of its others, so that any kernel behind can do without them."""
    layer = model.get_layer(maker)
    for weight in layer.weights:
        value = array(weight)
        axis = -2 if "Transpose" in type(layer).__name__ and value.ndim > 1 else -1
        others = [channel for channel in range(value.shape[axis]) if channel not in removed]
        for place, channel in enumerate(removed):
            pair = [others[place % len(others)], others[(place + 1) % len(others)]]
            index: list[Any] = [slice(None)] * value.ndim
            index[axis] = channel
            value[tuple(index)] = value.take(pair, axis=axis).sum(axis=axis)
        weight.assign(value)


def inputs_for(model: keras.Model, count: int, seed: int) -> list[np.ndarray]:
    """Normally distributed inputs."""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def outputs(model: keras.Model, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """All outputs of all examples, side by side: (N, ...)."""
    made = keras.tree.flatten(model(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    return np.concatenate([array(each).reshape(len(each), -1) for each in made], axis=1)


def cut_and_reconstructed(
    model: keras.Model, remove: dict[str, list[int]], count: int = 240
) -> tuple[PruneResult, Reconstruction, float, float]:
    """The result, what was solved, and the root mean square off the original's outputs before and after.

    As a share of the outputs' spread, on inputs that nothing was solved from.
    """
    result = harness.prune(model, remove=remove)
    held_out = inputs_for(model, 40, 99)
    wanted = outputs(model, held_out)

    def off() -> float:
        return float(np.sqrt(np.square(outputs(result.model, held_out) - wanted).mean()) / wanted.std())

    before = off()
    report = reconstruct(model, result.plan, result.model, inputs_for(model, count, 0))
    return result, report, before, off()


def behind(
    layer: Layer, shape: tuple[int, ...], maker: Layer, removed: Sequence[int] = (1, 4), head: bool = True
) -> keras.Model:
    """A network of `maker`, named 'maker', of which some channels are told by others, then `layer`, then a head."""
    keras.utils.set_random_seed(1)
    given = keras.Input(shape)
    x = layer(maker(given))
    if head:
        x = L.Dense(3, name="head")(L.Flatten()(x))
    model = randomised(keras.Model(given, x), seed=3)
    told_by_others(model, "maker", removed)
    return model
