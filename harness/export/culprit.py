"""Which layer makes an export fail, where the failure does not say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

Fails = Callable[["keras.Model"], bool]


def culprit(model: keras.Model, fails: Fails) -> str | None:
    """The name of the first layer with which a model fails; None where no part of the model does.

    Tried are parts of the model, from its inputs up to a layer, about as many as the logarithm of its length; inside a
    model that is used as a layer the search goes on.
    """
    steps = _steps(model)
    if not steps or not fails(_part(model, steps)):
        return None
    good, bad = 0, len(steps)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails(_part(model, steps[:middle])) else (middle, bad)
    found = steps[good][0]
    inner = culprit(found, fails) if getattr(found, "layers", None) and getattr(found, "inputs", None) else None
    return inner or str(found.name)


def _steps(model: keras.Model) -> list[tuple[Any, Any]]:
    """Each layer or operation with its output, in the order in which they compute; the inputs are none."""
    import keras

    steps = []
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        try:
            steps.append((operation, operation.output))
        except (AttributeError, ValueError):
            continue  # it is called several times, or never: what comes behind it is tried all the same
    return steps


def _part(model: keras.Model, steps: list[tuple[Any, Any]]) -> keras.Model:
    import keras

    return keras.Model(model.inputs, [output for _, output in steps])
