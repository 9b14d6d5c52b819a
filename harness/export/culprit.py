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
    try:
        return _search(model, fails)
    except ValueError:
        return None  # Keras can make no model of some part


def _search(model: keras.Model, fails: Fails) -> str | None:
    steps = _steps(model)
    good, bad = 0, len(steps)
    if not steps or not fails(_part(model, steps, bad)):
        return None
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails(_part(model, steps, middle)) else (middle, bad)
    found = steps[good].operation
    inner = culprit(found, fails) if getattr(found, "layers", None) and getattr(found, "inputs", None) else None
    return inner or str(found.name)


def _steps(model: keras.Model) -> list[Any]:
    """Keras's own record of each call of a layer or operation, in the order in which they compute; inputs are none."""
    nodes = getattr(model, "_functional", model)._nodes_by_depth
    ordered = [node for depth in sorted(nodes, reverse=True) for node in nodes[depth]]
    return [node for node in ordered if not node.is_input]


def _part(model: keras.Model, steps: list[Any], count: int) -> keras.Model:
    """The first steps, as a model whose outputs are what the other steps, or the model's user, read of them."""
    import keras

    whole = getattr(model, "_functional", model)
    read = {id(tensor) for node in steps[count:] for tensor in node.input_tensors}
    read |= {id(tensor) for tensor in whole.outputs}
    made = [tensor for node in steps[:count] for tensor in node.output_tensors]
    return keras.Model(whole.inputs, [tensor for tensor in made if id(tensor) in read])
