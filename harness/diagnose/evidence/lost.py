"""How much of each example's gradient gets through the loss to the logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence, Passes

# A gradient of less than this share of what the cross-entropy of the logits would give counts as lost.
LOST_BELOW = 0.01


def lost_share(evidence: Evidence, passes: Passes) -> float | None:
    """The share of all examples that are classified wrongly and whose gradient by the logits is lost.

    The gradient of cross-entropy by logits z is softmax(z) - y, or sigmoid(z) - y: never small for an example that is
    classified wrongly. What the network's own loss gives is compared with that. None where the loss is no
    cross-entropy, or the labels are not classes.
    """
    ideal, wrong = _ideal(evidence, passes)
    if ideal is None:
        return None
    actual = passes.backward.logits.reshape(len(ideal), -1)[wrong]
    ratio = np.linalg.norm(actual, axis=1) / np.linalg.norm(ideal[wrong], axis=1)
    return float(np.sum(~(ratio >= LOST_BELOW)) / len(ideal))


def deviation(evidence: Evidence, passes: Passes) -> float | None:
    """How far the gradients by the logits are from those of cross-entropy, relative to these, over the batch."""
    ideal, _ = _ideal(evidence, passes)
    if ideal is None:
        return None
    actual = passes.backward.logits.reshape(len(ideal), -1)
    return float(np.linalg.norm(actual - ideal) / np.linalg.norm(ideal))


def _ideal(evidence: Evidence, passes: Passes) -> tuple[NDArray[Any] | None, NDArray[np.bool_]]:
    """Each example's gradient of the cross-entropy of the logits, (B, -1), and which examples are wrong."""
    loss, classes = evidence.question.loss, evidence.batch.classes
    nothing = np.zeros(0, dtype=bool)
    logits = passes.forward.logits.reshape(len(passes.forward.logits), -1).astype(np.float64)
    if classes is None or not loss.is_crossentropy or not np.isfinite(logits).all():
        return None, nothing
    width = evidence.output_shape[-1]
    if logits.shape[1] != width or classes.max() >= max(width, 2):
        return None, nothing
    if loss.kind == "binary":
        truth = classes[:, None].astype(float) if width == 1 else np.eye(width)[classes]
        probabilities = 0.5 * (1 + np.tanh(logits / 2))
        return probabilities - truth, np.any((logits > 0) != (truth > 0.5), axis=1)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities - np.eye(width)[classes], logits.argmax(axis=1) != classes
