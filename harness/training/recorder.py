"""Gradients on any Keras backend: an optimizer that keeps what it is given, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


class GradientRecorder(keras.optimizers.Optimizer):  # type: ignore[misc] # Keras has no types
    """Keeps the last gradient of each variable. One that the loss does not reach keeps zero.

    Keras has no gradients of its own that work on every backend, but each of them hands gradients to an optimizer. The
    loss is multiplied by `loss_scale` on its way back, so that small gradients are not lost in float16, and what is
    recorded is divided by it.
    """

    def __init__(self, loss_scale: float = 1.0) -> None:
        super().__init__(learning_rate=1.0, name="recorder")
        self._keys: list[int] = []  # not the variables: Keras would take them for the optimizer's own
        self._gradients: list[Any] = []
        self.loss_scale = loss_scale

    def build(self, variables: Sequence[Any]) -> None:
        """Make room for a gradient for each variable."""
        if not self.built:
            super().build(variables)
            self._scale = self.add_variable((), initializer="ones", name="scale")
            self._scale.assign(self.loss_scale)
            self._keys = [id(variable) for variable in variables]
            self._gradients = [self.add_variable_from_reference(variable, name="gradient") for variable in variables]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Keep the gradients; leave the variables."""
        if trainable_variables is not None:
            self.build(trainable_variables)
        for gradient, kept in zip(grads, self._gradients, strict=True):
            if gradient is not None:
                kept.assign(gradient)

    def scale_loss(self, loss: Any) -> Any:
        """What the gradients are taken of."""
        return keras.ops.multiply(loss, self._scale)

    def rescale(self, loss_scale: float) -> None:
        """Take another scale from the next gradient on."""
        self.loss_scale = loss_scale
        self._scale.assign(loss_scale)

    def recorded(self) -> dict[int, Any]:
        """The last gradients, as arrays, by `id` of the variable."""
        pairs = zip(self._keys, self._gradients, strict=True)
        return {key: keras.ops.convert_to_numpy(kept) / self.loss_scale for key, kept in pairs}
