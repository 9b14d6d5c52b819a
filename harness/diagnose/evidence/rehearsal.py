"""A few optimizer steps on the copy, always on the same examples: what the first moments of a training would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.gradients import Backward, norm
from harness.diagnose.network.calls import Network

# Optimizers that treat each number by itself: one long variable gives what many short ones give, in a fraction of the
# time, since a deep network has hundreds of them and each costs its own operations.
_ELEMENTWISE = frozenset({"SGD", "Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion"})


@dataclass(frozen=True)
class Rehearsal:
    """Before each step and after the last: the loss of the predictions, and what penalties add to it.

    `moved` is the norm of how far all weights together came.
    """

    losses: tuple[float, ...]
    penalties: tuple[float, ...]
    moved: float


def fall(losses: Sequence[float]) -> float:
    """The share of the first loss that the steps took off; all of it where there was none."""
    return 1 - losses[-1] / losses[0] if losses[0] else 1.0


def rehearse(
    network: Network,
    backward: Callable[[], Backward],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
) -> Rehearsal:
    """Take steps, and leave the weights where they lead."""
    weights = network.model.trainable_variables
    start = [keras.ops.convert_to_numpy(weight) for weight in weights]
    step = _step(optimizer, weights)
    passes = []
    for _ in range(steps):
        passes.append(backward())
        step(passes[-1].objective)
    passes.append(backward())
    moves = [keras.ops.convert_to_numpy(weight) - first for weight, first in zip(weights, start, strict=True)]
    return Rehearsal(
        losses=tuple(found.loss for found in passes),
        penalties=tuple(found.penalty for found in passes),
        moved=norm(moves),
    )


def _step(optimizer: keras.optimizers.Optimizer, weights: Sequence[Any]) -> Callable[[Sequence[NDArray[Any]]], None]:
    """A function that takes one step with the gradients that it is given."""
    same = {str(weight.dtype) for weight in weights} == {"float32"}
    alike = same and all(weight.constraint is None for weight in weights)
    if type(optimizer).__name__ in _ELEMENTWISE and optimizer.clipnorm is None and alike:
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
