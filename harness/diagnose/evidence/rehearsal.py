"""A few optimizer steps on the copy, always on the same examples: what the first moments of a training would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.gradients import Backward
from harness.diagnose.network.calls import Network

# Optimizers that treat each number by itself: one long variable gives what many short ones give, in a fraction of the
# time, since a deep network has hundreds of them and each costs its own operations.
_ELEMENTWISE = frozenset({"SGD", "Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion"})
# A schedule is asked for its rate at these steps.
_STEPS = (0, *(10**power for power in range(7)))


@dataclass(frozen=True)
class Rehearsal:
    """Before each step and after the last: the loss of the predictions, and what penalties add to it.

    `moved` is the norm of how far all weights together came.
    """

    losses: tuple[float, ...]
    penalties: tuple[float, ...]
    moved: float


def unwrapped(optimizer: Any) -> Any:
    """The optimizer itself, where one for loss scaling is wrapped around it."""
    while (inner := getattr(optimizer, "inner_optimizer", None)) is not None:
        optimizer = inner
    return optimizer


def schedule_of(optimizer: keras.optimizers.Optimizer) -> Any:
    """The schedule of its learning rate; None where it has none."""
    rate = getattr(optimizer, "_learning_rate", None)
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def highest_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate; of a schedule the highest, since it may begin or end at zero."""
    schedule = schedule_of(optimizer)
    rates = [optimizer.learning_rate] if schedule is None else [schedule(step) for step in _STEPS]
    return max(float(keras.ops.convert_to_numpy(rate)) for rate in rates)


def clipping(optimizer: keras.optimizers.Optimizer) -> dict[str, float]:
    """What the optimizer clips gradients to, by the names of its options."""
    values = {name: getattr(optimizer, name, None) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
    return {name: float(value) for name, value in values.items() if value is not None}


def with_rate(
    optimizer: keras.optimizers.Optimizer, learning_rate: float, **options: Any
) -> keras.optimizers.Optimizer:
    """A fresh optimizer of the same configuration at another learning rate, and with other `options` that it has.

    Each step counts: gradients of the same examples need not be accumulated, and no loss is scaled by it.
    """
    config = unwrapped(optimizer).get_config()
    replaced = {"learning_rate": learning_rate, "gradient_accumulation_steps": None, "loss_scale_factor": None}
    replaced |= options
    fresh = type(unwrapped(optimizer)).from_config(
        {**config, **{key: value for key, value in replaced.items() if key in config}}
    )
    if "learning_rate" not in config:
        fresh.learning_rate = learning_rate
    return fresh


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
        moved=math.sqrt(sum(float(np.sum(np.square(move, dtype=np.float64))) for move in moves)),
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
