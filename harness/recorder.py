"""Gradients on any Keras backend: an optimizer that keeps what it is given, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


class GradientRecorder(keras.optimizers.Optimizer):  # type: ignore[misc] # Keras has no types
    """Keeps the last gradient of each variable. One that the loss does not reach keeps zero.

    Keras has no gradients of its own that work on every backend, but each of them hands gradients to an optimizer.
    """

    def __init__(self) -> None:
        super().__init__(learning_rate=1.0, name="recorder")
        self._keys: list[int] = []  # not the variables: Keras would take them for the optimizer's own
        self._gradients: list[Any] = []

    def build(self, variables: Sequence[Any]) -> None:
        """Make room for a gradient for each variable."""
        if not self.built:
            super().build(variables)
            self._keys = [id(variable) for variable in variables]
            self._gradients = [self.add_variable_from_reference(variable, name="gradient") for variable in variables]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Keep the gradients; leave the variables."""
        if trainable_variables is not None:
            self.build(trainable_variables)
        for gradient, kept in zip(grads, self._gradients, strict=True):
            if gradient is not None:
                kept.assign(gradient)

    def recorded(self) -> dict[int, Any]:
        """The last gradients, as arrays, by `id` of the variable."""
        pairs = zip(self._keys, self._gradients, strict=True)
        return {key: keras.ops.convert_to_numpy(kept) for key, kept in pairs}
