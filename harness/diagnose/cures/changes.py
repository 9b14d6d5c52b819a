"""The cures that can be applied without a person, by kind: each as a change that is tried in short trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.diagnose.cures import layers, training
from harness.diagnose.evidence.change import Change
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding

# Kinds after which the other checks can't run, though their cure can be tried.
CURED_GATES = frozenset({"data-not-finite", "weights-not-finite", "nothing-trainable"})
# Why there is no proof of the others.
_PERSONAL: Mapping[str, str] = {
    "examples-mismatch": "which label belongs to which image takes a person",
    "input-shape": "the network can't be trained on such images, so there is nothing to compare",
    "index-out-of-range": "the network can't be trained on such numbers, so there is nothing to compare",
    "feature-map-eaten": "the network can't be trained on such images, so there is nothing to compare",
    "label-encoding": "Keras refuses such labels or reads them wrongly, so there is nothing to compare",
    "class-count": "Keras refuses such labels or makes NaN of them, so there is nothing to compare",
    "one-class": "other labels take a person",
    "images-equal": "other images take a person",
    "labels-contradict": "which label is right takes a person",
    "rows-misordered": "where the rows come from takes a person",
    "zero-gradient": "what stands between weights and loss takes a person",
}
_CHANGES: Mapping[str, Callable[[Evidence, Finding], Change | None]] = {
    "softmax-hidden": layers.move_softmax,
    "clipped-logits": layers.remove_activation,
    "from-logits": training.flip_from_logits,
    "softmax-of-one": layers.sigmoid,
    "inputs-unscaled": training.scale,
    "equal-units": layers.initialize,
    "softmax-within": layers.no_softmax_within,
    "dropout-high": layers.less_noise,
    "activations-explode": layers.initialize,
    "activations-shrink": layers.initialize,
    "dead-units": layers.initialize,
    "output-saturated": layers.initialize,
    "gradients-vanish": layers.bend,
    "gradients-explode": training.clip,
    "no-nonlinearity": layers.activate,
    "learning-rate-high": training.other_rate,
    "learning-rate-low": training.other_rate,
    "penalty-drowns-loss": layers.weaker_penalties,
    "weight-decay-high": training.less_decay,
    "gradients-held-back": training.unclipped,
    "moving-statistics": layers.faster_averages,
    "nothing-trainable": layers.unfreeze,
    "data-not-finite": training.leave_out,
    "weights-not-finite": training.start_afresh,
    "predictions-collapsed": training.start_afresh,
    "loss-not-finite": training.lower_rate,
    "chance-plateau": training.longer,
}


def change_for(evidence: Evidence, finding: Finding) -> Change | None:
    """The change that cures a finding; None where it takes a person."""
    make = _CHANGES.get(finding.kind)
    return None if make is None else make(evidence, finding)


def why_untried(kind: str) -> str:
    """Why no cure of this kind was tried."""
    return f"not tried: {_PERSONAL.get(kind, 'the cure takes a person')}"
