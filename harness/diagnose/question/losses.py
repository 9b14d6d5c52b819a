"""Loss functions: what kind each is, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras

from harness.base.errors import SpecError

# `rows`: another of Keras's losses, which compares an output with a label of the same shape; `custom`: anyone's own.
LossKind = Literal["sparse", "categorical", "binary", "rows", "custom"]

_KINDS: dict[Any, LossKind] = {
    keras.losses.SparseCategoricalCrossentropy: "sparse",
    keras.losses.sparse_categorical_crossentropy: "sparse",
    keras.losses.CategoricalCrossentropy: "categorical",
    keras.losses.categorical_crossentropy: "categorical",
    keras.losses.BinaryCrossentropy: "binary",
    keras.losses.binary_crossentropy: "binary",
}

# Losses for labels of -1 and 1, which Keras makes of 0 and 1 too. Categorical hinge takes one-hot rows.
_OF_SIGNS = (keras.losses.Hinge, keras.losses.SquaredHinge, keras.losses.hinge, keras.losses.squared_hinge)


@dataclass(frozen=True)
class Loss:
    """A loss function as Keras takes it, and what it expects.

    `takes_signs` says that a label of -1 means the same to it as 0; `weight` is what it is multiplied by in training.
    """

    function: Any
    name: str
    kind: LossKind
    from_logits: bool
    takes_signs: bool = False
    weight: float = 1.0

    @property
    def is_crossentropy(self) -> bool:
        """Whether it is one of Keras's cross-entropies."""
        return self.kind in ("sparse", "categorical", "binary")


def read_loss(loss: Any) -> Loss:
    """Read a loss given by name, as a function, or as a Keras Loss.

    Raises:
        SpecError: the name is unknown.
    """
    try:
        function = keras.losses.get(loss)
    except (ValueError, TypeError):
        raise SpecError(
            f"loss = {loss!r} is unknown; use one of Keras's, such as sparse_categorical_crossentropy"
        ) from None
    name = str(getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__))
    kind = _kind(function)
    config = function.get_config() if isinstance(function, keras.losses.Loss) else {}
    takes_signs = type(function) in _OF_SIGNS or function in _OF_SIGNS
    return Loss(function, name, kind, bool(config.get("from_logits", False)), takes_signs)


def _kind(function: Any) -> LossKind:
    known = _KINDS.get(type(function)) or _KINDS.get(function)
    module = type(function).__module__ if isinstance(function, keras.losses.Loss) else function.__module__
    return known or ("rows" if module.partition(".")[0] == "keras" else "custom")


def crossentropy(kind: LossKind, *, from_logits: bool) -> keras.losses.Loss:
    """The cross-entropy of a kind, which takes logits or probabilities.

    Raises:
        SpecError: the kind is no cross-entropy.
    """
    made = {
        "sparse": keras.losses.SparseCategoricalCrossentropy,
        "categorical": keras.losses.CategoricalCrossentropy,
        "binary": keras.losses.BinaryCrossentropy,
    }
    if kind not in made:
        raise SpecError("only a cross-entropy takes logits; use another loss, or leave out from_logits")
    return made[kind](from_logits=from_logits)
