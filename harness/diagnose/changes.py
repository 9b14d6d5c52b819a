"""The cures that can be applied without a person: a change of the network, its inputs, loss, rate or patience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from harness.diagnose.checks.penalties import harmless_factor
from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding
from harness.diagnose.network import Edit
from harness.diagnose.rehearsal import clipping
from harness.diagnose.targets import crossentropy


@dataclass(frozen=True)
class Change:
    """One change, all else equal. Images become (images - shift) / scale; None leaves the loss or rate as it is.

    `optimizer` has attributes of the optimizer in place of those it has; `patience` is how many times as many steps are
    taken.
    """

    text: str
    edit: Edit | None = None
    shift: float = 0.0
    scale: float = 1.0
    loss: Any = None
    learning_rate: float | None = None
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    patience: int = 1


def change_for(evidence: Evidence, finding: Finding) -> Change | None:
    """The change that cures a finding; None where it takes a person."""
    make = _CHANGES.get(finding.kind)
    return None if make is None else make(evidence, finding)


def _move_softmax(evidence: Evidence, finding: Finding) -> Change | None:
    head = evidence.head
    if head.activation_layer is None:
        return None
    drop = frozenset({head.activation_layer})
    if head.activation == "softmax" and head.hidden_by and keras.backend.backend() == "tensorflow":
        return Change("the Softmax last", Edit(drop=drop, softmax_last=True))
    return Change(
        "logits and from_logits=True", Edit(drop=drop), loss=crossentropy(evidence.question.loss.kind, from_logits=True)
    )


def _remove_activation(evidence: Evidence, finding: Finding) -> Change | None:
    call = evidence.head.bounded_by
    return None if call is None else Change(f"no {call.activation} in {call.name}", Edit(drop=frozenset({call.name})))


def _flip_from_logits(evidence: Evidence, finding: Finding) -> Change | None:
    flipped = not evidence.question.loss.from_logits
    return Change(f"from_logits={flipped}", loss=crossentropy(evidence.question.loss.kind, from_logits=flipped))


def _scale(evidence: Evidence, finding: Finding) -> Change | None:
    images = evidence.batch.images
    if images.min() >= 0 and 1 < images.max() <= 255:
        return Change("the images divided by 255", scale=255.0)
    shift, scale = float(images.mean()), float(images.std()) or 1.0
    return Change(f"the images less {shift:.3g}, divided by {scale:.3g}", shift=shift, scale=scale)


def _other_rate(evidence: Evidence, finding: Finding) -> Change | None:
    rate = finding.evidence.better
    return None if rate is None else Change(f"a learning rate of {rate:g}", learning_rate=rate)


def _weaker_penalties(evidence: Evidence, finding: Finding) -> Change | None:
    ratio = finding.evidence.value
    regularized = any(weight.regularizer for weight in evidence.network.model.trainable_variables)
    if ratio is None or not regularized:
        return None
    factor = harmless_factor(ratio)
    return Change(f"the penalties times {factor:g}", Edit(penalties=factor))


def _less_decay(evidence: Evidence, finding: Finding) -> Change | None:
    decay = finding.evidence.better
    return None if decay is None else Change(f"weight_decay={decay:g}", optimizer={"weight_decay": decay})


def _unclipped(evidence: Evidence, finding: Finding) -> Change | None:
    clips = clipping(evidence.question.optimizer)
    return Change(f"no {' or '.join(clips)}", optimizer=dict.fromkeys(clips)) if clips else None


def _longer(evidence: Evidence, finding: Finding) -> Change:
    return Change("twice as many steps", patience=2)


_CHANGES: Mapping[str, Callable[[Evidence, Finding], Change | None]] = {
    "softmax-hidden": _move_softmax,
    "clipped-logits": _remove_activation,
    "from-logits": _flip_from_logits,
    "inputs-unscaled": _scale,
    "learning-rate-high": _other_rate,
    "learning-rate-low": _other_rate,
    "penalty-drowns-loss": _weaker_penalties,
    "weight-decay-high": _less_decay,
    "gradients-held-back": _unclipped,
    "chance-plateau": _longer,
}
