"""What `fit` would do that a rehearsal leaves out."""

from __future__ import annotations

from typing import Any

import keras

from harness.diagnose.question.optimizers import highest_rate, schedule_of, unwrapped

_OWN = ("train_step", "compute_loss", "fit")


def not_rehearsed(model: keras.Model, optimizer: Any) -> tuple[str, ...]:
    """A line for each; `optimizer` is what was given in place of the model's own, or None."""
    lines = []
    for method, owner in _own_methods(model):
        lines.append(f"{owner}.{method}, which is the model's own: gradients here are of its loss and penalties alone")
    used = optimizer if optimizer is not None else model.optimizer if model.compiled else None
    if not isinstance(used, keras.optimizers.Optimizer):
        return tuple(lines)
    inner = unwrapped(used)
    if inner is not used and not isinstance(used, keras.optimizers.LossScaleOptimizer):
        lines.append(f"what {type(used).__name__} does around {type(inner).__name__}, which is rehearsed alone")
    if (schedule := schedule_of(inner)) is not None:
        lines.append(
            f"{type(schedule).__name__}, the schedule of the learning rate: every step here has its highest, "
            f"{highest_rate(inner):.3g}"
        )
    if getattr(inner, "gradient_accumulation_steps", None):
        lines.append(
            f"{inner.gradient_accumulation_steps} batches to a step (gradient accumulation): every step here is of one"
        )
    if inner.weight_decay and (
        getattr(inner, "_exclude_from_weight_decay", None) or getattr(inner, "_exclude_from_weight_decay_pattern", None)
    ):
        lines.append("which weights the optimizer excludes from its weight decay: here none are")
    return tuple(lines)


def _own_methods(model: keras.Model) -> list[tuple[str, str]]:
    """Methods of training that the model's class, or one it inherits from, has in place of Keras's."""
    own = [cls for cls in type(model).__mro__ if cls is not object and cls.__module__.partition(".")[0] != "keras"]
    return [(method, cls.__name__) for method in _OWN for cls in own if method in vars(cls)]
