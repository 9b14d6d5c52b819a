"""Train a pruned classifier on the labels and on what the original says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.prune.keras_graph.logits import logit_network
from harness.prune.recover.accuracy import outputs_of

Array = npt.NDArray[Any]
TEMPERATURE = 4.0
SHARE = 0.5
_SMALLEST = 1e-7


class Distiller(keras.Model):  # type: ignore[misc]
    """A student whose loss compares it with labels and with a teacher's softened answers.

    Its targets are (labels, the teacher's log-probabilities). Hinton et al., 2015, 'Distilling the Knowledge in a
    Neural Network'.
    """

    def __init__(self, student: keras.Model, loss: keras.losses.Loss, temperature: float, share: float) -> None:
        super().__init__()
        self.student = student
        self.on_labels = loss
        self.temperature = temperature
        self.share = share
        self.squashed = is_squashed(student)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The student's outputs."""
        return self.student(inputs, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """`share` of the loss is the divergence from the teacher, times the square of the temperature."""
        labels, teacher = y
        hard = self.on_labels(labels, y_pred)
        student = log_probabilities(y_pred, self.squashed, self.temperature)
        divergence = keras.ops.sum(keras.ops.exp(teacher) * (teacher - student), axis=-1)
        soft = self.temperature**2 * keras.ops.mean(divergence)
        return (1 - self.share) * hard + self.share * soft + sum(self.losses)


def log_probabilities(outputs: Any, squashed: bool, temperature: float) -> Any:
    """Log-probabilities at a temperature, of logits or of probabilities."""
    logits = keras.ops.log(keras.ops.maximum(outputs, _SMALLEST)) if squashed else outputs
    return keras.ops.log_softmax(logits / temperature, axis=-1)


def teacher_targets(teacher: keras.Model, images: Array, temperature: float = TEMPERATURE) -> Array:
    """What the teacher says about each image: log-probabilities, float32 (N, ..., classes)."""
    outputs = outputs_of(teacher, images)
    return np.asarray(keras.ops.convert_to_numpy(log_probabilities(outputs, is_squashed(teacher), temperature)))


def is_squashed(model: keras.Model) -> bool:
    """Whether a classifier answers with probabilities, and not with logits.

    Raises:
        PruneError: it has several outputs, or a sigmoid, or a single logit.
    """
    squashed = logit_network(model).squashed
    if len(model.outputs) != 1 or model.output_shape[-1] == 1 or squashed.get(0, "softmax") != "softmax":
        raise PruneError("distillation needs a classifier with one softmax output; fine-tune without it")
    return 0 in squashed
