"""The cures that can be applied without a person, by kind: each as a change that is tried in short trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from harness.diagnose.checks.loss.penalties import harmless_factor
from harness.diagnose.checks.signal.noise import noisy
from harness.diagnose.checks.signal.within import is_hidden_softmax
from harness.diagnose.evidence.change import Change
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.scaling import cure
from harness.diagnose.findings import Finding
from harness.diagnose.network.copy import Edit
from harness.diagnose.network.layers import FUSED, RECTIFYING
from harness.diagnose.question.losses import crossentropy
from harness.diagnose.question.optimizers import clipping

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
_SLOPED = RECTIFYING | {"leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus", "softmax"}
_GLOROT = keras.initializers.serialize(keras.initializers.GlorotUniform())
_HE = keras.initializers.serialize(keras.initializers.HeNormal())
_INITIALIZERS: Mapping[str, Any] = {
    "kernel_initializer": _HE,
    "depthwise_initializer": _HE,
    "pointwise_initializer": _HE,
    "recurrent_initializer": keras.initializers.serialize(keras.initializers.Orthogonal()),
    "bias_initializer": keras.initializers.serialize(keras.initializers.Zeros()),
}


def change_for(evidence: Evidence, finding: Finding) -> Change | None:
    """The change that cures a finding; None where it takes a person."""
    make = _CHANGES.get(finding.kind)
    return None if make is None else make(evidence, finding)


def why_untried(kind: str) -> str:
    """Why no cure of this kind was tried."""
    return f"not tried: {_PERSONAL.get(kind, 'the cure takes a person')}"


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


def _sigmoid(evidence: Evidence, finding: Finding) -> Change | None:
    name = finding.where or ""
    if evidence.output_shape[-1] > 1:
        return Change("the axis of the classes", Edit(options={name: {"axis": -1}}))
    return Change(f"a sigmoid in {name}", Edit(activations={name: "sigmoid"}))


def _scale(evidence: Evidence, finding: Finding) -> Change | None:
    return cure(evidence).change


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


def _faster_averages(evidence: Evidence, finding: Finding) -> Change | None:
    """Moving averages that follow within a few steps, in layers that may change."""
    layers = {
        call.name: {"momentum": min(call.layer.momentum, 0.9), "trainable": True}
        for call in evidence.network.calls
        if isinstance(call.layer, keras.layers.BatchNormalization)
    }
    followed = all(
        call.layer.trainable and call.layer.momentum <= 0.9 for call in evidence.network.calls if call.name in layers
    )
    return None if followed else Change("momentum=0.9", Edit(options=layers), in_inference=True)


def _unclipped(evidence: Evidence, finding: Finding) -> Change | None:
    clips = clipping(evidence.question.optimizer)
    return Change(f"no {' or '.join(clips)}", optimizer=dict.fromkeys(clips)) if clips else None


def _lower_rate(evidence: Evidence, finding: Finding) -> Change:
    rate = float(f"{evidence.question.learning_rate / 10:.6g}")
    return Change(f"a learning rate of {rate:g}", learning_rate=rate)


def _longer(evidence: Evidence, finding: Finding) -> Change:
    return Change("twice as many steps", patience=2)


def _clip(evidence: Evidence, finding: Finding) -> Change | None:
    if finding.evidence.value is None:  # an infinite gradient, which clipping makes NaN
        return None
    return Change("clipnorm=1.0", optimizer={"clipnorm": 1.0}, given=True, of_weights=True)


def _initialize(evidence: Evidence, finding: Finding) -> Change:
    return Change("he_normal kernels and biases of zero", Edit(options=_initializers(evidence)), of_weights=True)


def _start_afresh(evidence: Evidence, finding: Finding) -> Change:
    return Change("fresh weights", of_weights=True)


def _bend(evidence: Evidence, finding: Finding) -> Change:
    """ReLU for every hidden activation that saturates or has no slope, and kernels made for it."""
    replaced = {
        call.name: "relu"
        for call in evidence.network.calls
        if call.activation is not None
        and call.activation not in _SLOPED
        and call.name not in (evidence.head.activation_layer, evidence.head.logits_layer)
    }
    text = "ReLU, he_normal kernels and biases of zero" if replaced else "he_normal kernels and biases of zero"
    return Change(text, Edit(activations=replaced, options=_initializers(evidence)), of_weights=True)


def _activate(evidence: Evidence, finding: Finding) -> Change | None:
    call = next((c for c in evidence.network.calls if c.name == finding.where and isinstance(c.layer, FUSED)), None)
    return None if call is None else Change(f"a ReLU in {call.name}", Edit(activations={call.name: "relu"}))


def _no_softmax_within(evidence: Evidence, finding: Finding) -> Change:
    names = [call.name for call in evidence.network.calls if is_hidden_softmax(evidence, call)]
    return Change(f"ReLU in {' and '.join(names)}", Edit(activations=dict.fromkeys(names, "relu")))


def _less_noise(evidence: Evidence, finding: Finding) -> Change:
    """Each rate at most a fifth, and no noise."""
    calls = noisy(evidence)
    rates = {call.name: {"rate": min(call.layer.rate, 0.2)} for call in calls if hasattr(call.layer, "rate")}
    others = frozenset(call.name for call in calls if call.name not in rates)
    text = " and ".join(
        [*(["rates of 0.2"] if rates else []), *([f"no {', '.join(sorted(others))}"] if others else [])]
    )
    return Change(text, Edit(drop=others, options=rates))


def _unfreeze(evidence: Evidence, finding: Finding) -> Change:
    names = {call.name for call in evidence.network.calls if call.has_weights}
    return Change("every layer trainable", Edit(options={name: {"trainable": True} for name in names}))


def _leave_out(evidence: Evidence, finding: Finding) -> Change | None:
    images = evidence.question.images
    keep = np.isfinite(images.reshape(len(images), -1)).all(axis=1)
    return Change(f"{int(keep.sum()):,} of {len(keep):,} images", keep=keep) if keep.any() and not keep.all() else None


def _initializers(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Initializers in place of every layer's own: he_normal, and glorot_uniform for the one that makes the logits."""
    chosen = {}
    for call in evidence.network.calls:
        if call.has_weights and hasattr(call.layer, "get_config"):
            config = call.layer.get_config()
            options = {name: made for name, made in _INITIALIZERS.items() if name in config}
            if call.name == evidence.head.logits_layer and "kernel_initializer" in options:
                options["kernel_initializer"] = _GLOROT
            chosen[call.name] = options
    return chosen


_CHANGES: Mapping[str, Callable[[Evidence, Finding], Change | None]] = {
    "softmax-hidden": _move_softmax,
    "clipped-logits": _remove_activation,
    "from-logits": _flip_from_logits,
    "softmax-of-one": _sigmoid,
    "inputs-unscaled": _scale,
    "equal-units": _initialize,
    "softmax-within": _no_softmax_within,
    "dropout-high": _less_noise,
    "activations-explode": _initialize,
    "activations-shrink": _initialize,
    "dead-units": _initialize,
    "output-saturated": _initialize,
    "gradients-vanish": _bend,
    "gradients-explode": _clip,
    "no-nonlinearity": _activate,
    "learning-rate-high": _other_rate,
    "learning-rate-low": _other_rate,
    "penalty-drowns-loss": _weaker_penalties,
    "weight-decay-high": _less_decay,
    "gradients-held-back": _unclipped,
    "moving-statistics": _faster_averages,
    "nothing-trainable": _unfreeze,
    "data-not-finite": _leave_out,
    "weights-not-finite": _start_afresh,
    "predictions-collapsed": _start_afresh,
    "loss-not-finite": _lower_rate,
    "chance-plateau": _longer,
}
