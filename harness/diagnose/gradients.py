"""Gradients on any Keras backend: an optimizer that keeps what it is given instead of changing the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

from harness.diagnose.network import Network
from harness.diagnose.targets import Loss


@dataclass(frozen=True)
class Backward:
    """One backward pass over a batch, in training mode.

    Attributes:
        loss: the mean over the batch.
        weights: a gradient for each of the network's trainable weights, in Keras's order.
        logits: (B, ...) the gradient of each example's own loss by its logits.
    """

    loss: float
    weights: tuple[NDArray[Any], ...]
    logits: NDArray[Any]


def worth_compiling() -> bool:
    """Whether XLA is worth its while for a few steps: on TensorFlow it isn't; JAX is only fast with it."""
    return bool(keras.backend.backend() == "jax")


class _Catcher(keras.optimizers.Optimizer):  # type: ignore[misc] # Keras has no types
    """Stores every gradient and leaves the weights as they are. A weight that the loss does not reach stores zero."""

    def __init__(self) -> None:
        super().__init__(learning_rate=1.0, name="catcher")
        self.caught: list[Any] = []

    def build(self, variables: Sequence[Any]) -> None:
        if not self.built:
            super().build(variables)
            self.caught = [self.add_variable_from_reference(variable, name="caught") for variable in variables]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        for gradient, slot in zip(grads, self.caught, strict=True):
            if gradient is not None:
                slot.assign(gradient)


class _Offset(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """Adds a weight of its own, zero, to each number of a batch: its gradient is theirs."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.offset = self.add_weight(shape=tuple(input_shape), initializer="zeros", name="offset")

    def call(self, inputs: Any) -> Any:
        return inputs + self.offset


class Gradients:
    """Backward passes through a network, which shares its weights, over batches of one fixed size."""

    def __init__(self, network: Network, logits: Any, loss: Loss, batch: int) -> None:
        self.network, self.batch = network, batch
        self.offset = _Offset(name="offset_of_logits")
        self.catcher = _Catcher()
        self.model = self._with_offset(logits)
        self.catcher.build(self.model.trainable_variables)
        self.model.compile(optimizer=self.catcher, loss=loss.function, jit_compile=worth_compiling())

    def __call__(self, images: NDArray[Any], targets: NDArray[Any]) -> Backward:
        """One pass: images (B, H, W, C), targets as the loss wants them."""
        self.model.reset_metrics()
        logs = self.model.train_on_batch(images, targets, return_dict=True)
        slots = zip(self.model.trainable_variables, self.catcher.caught, strict=True)
        caught = {id(weight): keras.ops.convert_to_numpy(slot) for weight, slot in slots}
        return Backward(
            loss=float(logs["loss"]),
            weights=tuple(caught[id(weight)] for weight in self.network.model.trainable_variables),
            logits=caught[id(self.offset.offset)] * self.batch,
        )

    def _with_offset(self, logits: Any) -> keras.Model:
        """The same layers, with the offset added to the logits."""
        inputs = keras.Input(batch_shape=(self.batch, *self.network.model.inputs[0].shape[1:]))

        def after(tensor: Any, again: Any) -> Any:
            return self.offset(again) if tensor is logits else again

        return keras.Model(inputs, self.network.replay(inputs, after))
