"""Backward passes on any Keras backend: the gradients of weights, and of each example's logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.network.calls import Network
from harness.training.recorder import GradientRecorder

# What Keras's LossScaleOptimizer begins with; where a gradient overflows it takes less.
LOSS_SCALE = 2.0**15


@dataclass(frozen=True)
class Backward:
    """One backward pass over a batch, in training mode.

    Attributes:
        loss: of the predictions alone, the mean over the batch, before it is weighed.
        weights: the gradient of that loss, weighed, by each of the network's trainable weights, in Keras's order.
        logits: (B, ...) the gradient of each example's own loss by its logits.
        penalty: what regularizers and `add_loss` add to the objective.
        penalties: its gradient by each of the weights; none where there is no penalty.
    """

    loss: float
    weights: tuple[NDArray[Any], ...]
    logits: NDArray[Any]
    penalty: float = 0.0
    penalties: tuple[NDArray[Any], ...] = ()

    @cached_property
    def objective(self) -> tuple[NDArray[Any], ...]:
        """The gradient of all that `fit` would lower, by each weight."""
        if not self.penalties:
            return self.weights
        return tuple(loss + penalty for loss, penalty in zip(self.weights, self.penalties, strict=True))


def norm(arrays: Sequence[NDArray[Any]]) -> float:
    """Of all numbers of some arrays together."""
    return math.sqrt(sum(float(np.sum(np.square(array, dtype=np.float64))) for array in arrays))


def worth_compiling() -> bool:
    """Whether XLA is worth its while for a few steps: on TensorFlow it isn't; JAX is only fast with it."""
    return bool(keras.backend.backend() == "jax")


class _Offset(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """Adds a weight of its own, zero, to each number of a batch: its gradient is theirs."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.offset = self.add_weight(shape=tuple(input_shape), initializer="zeros", name="offset")

    def call(self, inputs: Any) -> Any:
        return inputs + self.offset


class _WithoutPenalties(keras.Model):  # type: ignore[misc]
    """A network whose loss is that of its predictions alone."""

    @property
    def losses(self) -> list[Any]:
        return []


class Gradients:
    """Backward passes through a network, which shares its weights, over batches of one fixed size.

    `loss` is as for `model.compile`.
    """

    def __init__(self, network: Network, logits: Any, loss: Any, batch: int) -> None:
        self.network, self.batch = network, batch
        self.offset = _Offset(name="offset_of_logits", dtype="float64" if logits.dtype == "float64" else "float32")
        self.predictions = _Recorded(self._with_offset(logits), loss, network.computes_in_float16)
        self.penalties: _Recorded | None = None

    def __call__(
        self, images: NDArray[Any], targets: NDArray[Any], *, penalized: bool = False, weight: float = 1.0
    ) -> Backward:
        """One pass: images (B, H, W, C), targets as the loss wants them; a second one for penalties, if there are.

        The loss is weighed by `weight` beside them.
        """
        variables = self.network.model.trainable_variables
        loss, found = self.predictions(images, targets)
        penalty, of_penalties = self._penalty(images) if penalized else (0.0, {})
        return Backward(
            loss=loss,
            weights=tuple(weight * found[id(variable)] for variable in variables),
            logits=found[id(self.offset.offset)] * self.batch,
            penalty=penalty,
            penalties=tuple(of_penalties[id(variable)] for variable in variables) if penalized else (),
        )

    def _penalty(self, images: NDArray[Any]) -> tuple[float, dict[int, Any]]:
        if self.penalties is None:
            model = keras.Model(self.network.model.inputs, self.network.model.outputs)
            self.penalties = _Recorded(model, None, self.network.computes_in_float16)
        return self.penalties(images, None)

    def _with_offset(self, logits: Any) -> keras.Model:
        """The same layers, with the offset added to the logits."""
        inputs = keras.Input(batch_shape=(self.batch, *self.network.model.inputs[0].shape[1:]))

        def after(tensor: Any, again: Any) -> Any:
            return self.offset(again) if tensor is logits else again

        return _WithoutPenalties(inputs, self.network.replay(inputs, after), name="predictions")


class _Recorded:
    """A model that is asked for gradients, again and again; `loss` is None where it has penalties alone."""

    def __init__(self, model: keras.Model, loss: Any, in_float16: bool) -> None:
        self.model = model
        self.recorder = GradientRecorder(LOSS_SCALE if in_float16 else 1.0)
        self.recorder.build(model.trainable_variables)
        model.compile(optimizer=self.recorder, loss=loss, jit_compile=worth_compiling(), auto_scale_loss=False)

    def __call__(self, images: NDArray[Any], targets: Any) -> tuple[float, dict[int, Any]]:
        """The loss, and its gradients by `id` of the weight."""
        while True:
            self.model.reset_metrics()
            logs = self.model.train_on_batch(images, targets, return_dict=True)
            found = self.recorder.recorded()
            if self.recorder.loss_scale <= 1 or all(np.isfinite(gradient).all() for gradient in found.values()):
                return float(logs["loss"]), found
            self.recorder.rescale(max(1.0, self.recorder.loss_scale / 32))
