"""A few optimizer steps on the copy, always on the same examples: what the first moments of a training would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from harness.diagnose.gradients import Backward
from harness.diagnose.network import Network


def with_rate(optimizer: keras.optimizers.Optimizer, learning_rate: float) -> keras.optimizers.Optimizer:
    """A fresh optimizer of the same configuration at another learning rate."""
    config = {**optimizer.get_config(), "learning_rate": learning_rate}
    # Decay would pull on the weights where the loss does not, and hide that a gradient is zero.
    return type(optimizer).from_config({**config, "weight_decay": None})


def rehearse(
    network: Network,
    backward: Callable[[], Backward],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
) -> tuple[float, ...]:
    """Take steps, leaving the network's weights where they lead; return the loss before each step and after the last.

    A loss may be not finite: then the steps end there.
    """
    weights: list[Any] = network.model.trainable_variables
    losses = []
    for _ in range(steps):
        found = backward()
        losses.append(found.loss)
        optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in found.weights], weights)
    losses.append(backward().loss)
    return tuple(losses)
