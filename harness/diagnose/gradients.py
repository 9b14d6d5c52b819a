"""Backward passes on any Keras backend: the gradients of weights, and of each example's logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

from harness.diagnose.network import Network
from harness.diagnose.targets import Loss
from harness.recorder import GradientRecorder


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
        self.recorder = GradientRecorder()
        self.model = self._with_offset(logits)
        self.recorder.build(self.model.trainable_variables)
        self.model.compile(optimizer=self.recorder, loss=loss.function, jit_compile=worth_compiling())

    def __call__(self, images: NDArray[Any], targets: NDArray[Any]) -> Backward:
        """One pass: images (B, H, W, C), targets as the loss wants them."""
        self.model.reset_metrics()
        logs = self.model.train_on_batch(images, targets, return_dict=True)
        found = self.recorder.recorded()
        return Backward(
            loss=float(logs["loss"]),
            weights=tuple(found[id(weight)] for weight in self.network.model.trainable_variables),
            logits=found[id(self.offset.offset)] * self.batch,
        )

    def _with_offset(self, logits: Any) -> keras.Model:
        """The same layers, with the offset added to the logits."""
        inputs = keras.Input(batch_shape=(self.batch, *self.network.model.inputs[0].shape[1:]))

        def after(tensor: Any, again: Any) -> Any:
            return self.offset(again) if tensor is logits else again

        return keras.Model(inputs, self.network.replay(inputs, after))
