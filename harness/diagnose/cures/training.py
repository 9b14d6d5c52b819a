"""Cures that change how a network is trained: its data, loss, optimizer, steps, or the weights it begins with."""

from __future__ import annotations

import numpy as np

from harness.diagnose.evidence.change import Change
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.scaling import cure
from harness.diagnose.findings import Finding
from harness.diagnose.question.losses import crossentropy
from harness.diagnose.question.optimizers import clipping


def flip_from_logits(evidence: Evidence, finding: Finding) -> Change | None:
    """The loss takes logits where it took probabilities, or the other way round."""
    flipped = not evidence.question.loss.from_logits
    return Change(f"from_logits={flipped}", loss=crossentropy(evidence.question.loss.kind, from_logits=flipped))


def scale(evidence: Evidence, finding: Finding) -> Change | None:
    """The images, or what scales them inside the network, so that what enters the first layer is near 1."""
    return cure(evidence).change


def other_rate(evidence: Evidence, finding: Finding) -> Change | None:
    """The learning rate that the check found."""
    rate = finding.evidence.better
    return None if rate is None else Change(f"a learning rate of {rate:g}", learning_rate=rate)


def less_decay(evidence: Evidence, finding: Finding) -> Change | None:
    """The weight decay that the check found."""
    decay = finding.evidence.better
    return None if decay is None else Change(f"weight_decay={decay:g}", optimizer={"weight_decay": decay})


def unclipped(evidence: Evidence, finding: Finding) -> Change | None:
    """Gradients are not clipped."""
    clips = clipping(evidence.question.optimizer)
    return Change(f"no {' or '.join(clips)}", optimizer=dict.fromkeys(clips)) if clips else None


def lower_rate(evidence: Evidence, finding: Finding) -> Change:
    """A tenth of the learning rate."""
    rate = float(f"{evidence.question.learning_rate / 10:.6g}")
    return Change(f"a learning rate of {rate:g}", learning_rate=rate)


def longer(evidence: Evidence, finding: Finding) -> Change:
    """More steps, nothing else."""
    return Change("twice as many steps", patience=2)


def clip(evidence: Evidence, finding: Finding) -> Change | None:
    """Gradients are clipped to a norm of 1, from the user's weights."""
    if finding.evidence.value is None:  # an infinite gradient, which clipping makes NaN
        return None
    return Change("clipnorm=1.0", optimizer={"clipnorm": 1.0}, given=True, of_weights=True)


def start_afresh(evidence: Evidence, finding: Finding) -> Change:
    """Fresh weights, nothing else."""
    return Change("fresh weights", of_weights=True)


def leave_out(evidence: Evidence, finding: Finding) -> Change | None:
    """Only images that are numbers throughout."""
    images = evidence.question.images
    keep = np.isfinite(images.reshape(len(images), -1)).all(axis=1)
    return Change(f"{int(keep.sum()):,} of {len(keep):,} images", keep=keep) if keep.any() and not keep.all() else None
