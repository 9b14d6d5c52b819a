"""One change of a network, its inputs or its training, and what a rehearsal makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.network.copy import Edit, copy_network


@dataclass(frozen=True)
class Change:
    """One change, all else equal. Images become (images - shift) / scale; None leaves the loss or rate as it is.

    Attributes:
        optimizer: attributes of the optimizer in place of those it has.
        patience: how many times as many steps are taken.
        keep: (N,) which examples are trained on; None for all.
        given: whether training begins with the weights of the user's model, not with fresh ones.
        of_weights: whether the fault is in the weights, so that training without the change begins with the user's.
        in_inference: whether the accuracy is that of inference, after the last step, not that of training.
    """

    text: str
    edit: Edit | None = None
    shift: float = 0.0
    scale: float = 1.0
    loss: Any = None
    learning_rate: float | None = None
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    patience: int = 1
    keep: NDArray[np.bool_] | None = None
    given: bool = False
    of_weights: bool = False
    in_inference: bool = False

    def on(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Images (B, ...) as they are with this change."""
        return np.asarray((images.astype(np.float32) - self.shift) / self.scale, dtype=np.float32)

    @property
    def unchanged(self) -> Change:
        """What training with the change is compared with."""
        return Change("as it is", given=self.of_weights, in_inference=self.in_inference)


def evidence_with(evidence: Evidence, change: Change) -> Evidence:
    """What the same batch of examples says of the network, with its weights, when edit, images and loss are changed."""
    question, batch = evidence.question, evidence.batch
    model = question.model
    if change.edit is not None:
        model = copy_network(model, question.image_shape, edit=change.edit).model
    labels = batch.targets if batch.classes is None or question.loss.kind == "custom" else batch.classes
    return Evidence(replace(question, model=model, images=change.on(batch.images), labels=labels))
