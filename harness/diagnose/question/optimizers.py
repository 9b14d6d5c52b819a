"""What is read off an optimizer, and one like it with another learning rate."""

from __future__ import annotations

from typing import Any

import keras

# A schedule is asked for its rate at these steps.
_STEPS = (0, *(10**power for power in range(7)))


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
