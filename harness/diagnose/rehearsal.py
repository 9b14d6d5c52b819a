"""A few optimizer steps on the copy, always on the same examples: what the first moments of a training would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.gradients import Backward
from harness.diagnose.network import Network

# Optimizers that treat each number by itself: one long variable gives what many short ones give, in a fraction of the
# time, since a deep network has hundreds of them and each costs its own operations.
_ELEMENTWISE = frozenset({"SGD", "Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion"})


def with_rate(optimizer: keras.optimizers.Optimizer, learning_rate: float) -> keras.optimizers.Optimizer:
    """A fresh optimizer of the same configuration at another learning rate."""
    config = {**optimizer.get_config(), "learning_rate": learning_rate}
    if config.get("weight_decay"):
        # Decay would pull on the weights where the loss does not, and hide that a gradient is zero.
        config["weight_decay"] = 0.0
    return type(optimizer).from_config(config)


def rehearse(
    network: Network,
    backward: Callable[[], Backward],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
) -> tuple[float, ...]:
    """Take steps, and leave the weights where they lead; return the loss before each step and after the last."""
    step = _step(optimizer, network.model.trainable_variables)
    losses = []
    for _ in range(steps):
        found = backward()
        losses.append(found.loss)
        step(found.weights)
    losses.append(backward().loss)
    return tuple(losses)


def _step(optimizer: keras.optimizers.Optimizer, weights: Sequence[Any]) -> Callable[[Sequence[NDArray[Any]]], None]:
    """A function that takes one step with the gradients that it is given."""
    same = {str(weight.dtype) for weight in weights} == {"float32"}
    if type(optimizer).__name__ in _ELEMENTWISE and optimizer.clipnorm is None and same:
        return _long_step(optimizer, weights)

    def step(gradients: Sequence[NDArray[Any]]) -> None:
        optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], weights)

    return step


def _long_step(
    optimizer: keras.optimizers.Optimizer, weights: Sequence[Any]
) -> Callable[[Sequence[NDArray[Any]]], None]:
    shapes = [tuple(weight.shape) for weight in weights]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    whole = keras.Variable(_joined([keras.ops.convert_to_numpy(weight) for weight in weights]), name="whole")

    def step(gradients: Sequence[NDArray[Any]]) -> None:
        optimizer.apply([keras.ops.convert_to_tensor(_joined(gradients))], [whole])
        parts = np.split(np.asarray(keras.ops.convert_to_numpy(whole)), ends)
        for weight, part, shape in zip(weights, parts, shapes, strict=True):
            weight.assign(part.reshape(shape))

    return step


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.concatenate([np.asarray(part, dtype=np.float32).reshape(-1) for part in parts])
