"""Cures that change layers: their place, activation, options or first weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from harness.diagnose.checks.loss.penalties import harmless_factor
from harness.diagnose.checks.signal.noise import noisy
from harness.diagnose.checks.signal.within import is_hidden_softmax
from harness.diagnose.evidence.change import Change
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding
from harness.diagnose.network.copy import Edit
from harness.diagnose.network.layers import FUSED, RECTIFYING
from harness.diagnose.question.losses import crossentropy

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


def move_softmax(evidence: Evidence, finding: Finding) -> Change | None:
    """The Softmax last, where Keras sees the logits then; else none, and a loss that takes logits."""
    head = evidence.head
    if head.activation_layer is None:
        return None
    drop = frozenset({head.activation_layer})
    if head.activation == "softmax" and head.hidden_by and keras.backend.backend() == "tensorflow":
        return Change("the Softmax last", Edit(drop=drop, softmax_last=True))
    return Change(
        "logits and from_logits=True", Edit(drop=drop), loss=crossentropy(evidence.question.loss.kind, from_logits=True)
    )


def remove_activation(evidence: Evidence, finding: Finding) -> Change | None:
    """No activation where the logits are made."""
    call = evidence.head.bounded_by
    return None if call is None else Change(f"no {call.activation} in {call.name}", Edit(drop=frozenset({call.name})))


def sigmoid(evidence: Evidence, finding: Finding) -> Change | None:
    """A sigmoid for a Softmax of one output, or its Softmax along the classes."""
    name = finding.where or ""
    if evidence.output_shape[-1] > 1:
        return Change("the axis of the classes", Edit(options={name: {"axis": -1}}))
    return Change(f"a sigmoid in {name}", Edit(activations={name: "sigmoid"}))


def weaker_penalties(evidence: Evidence, finding: Finding) -> Change | None:
    """Every regularizer multiplied by what makes it harmless."""
    ratio = finding.evidence.value
    regularized = any(weight.regularizer for weight in evidence.network.model.trainable_variables)
    if ratio is None or not regularized:
        return None
    factor = harmless_factor(ratio)
    return Change(f"the penalties times {factor:g}", Edit(penalties=factor))


def faster_averages(evidence: Evidence, finding: Finding) -> Change | None:
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


def initialize(evidence: Evidence, finding: Finding) -> Change:
    """Keras's usual initial weights in every layer."""
    return Change("he_normal kernels and biases of zero", Edit(options=_initializers(evidence)), of_weights=True)


def bend(evidence: Evidence, finding: Finding) -> Change:
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


def activate(evidence: Evidence, finding: Finding) -> Change | None:
    """A ReLU in the layer that was found."""
    call = next((c for c in evidence.network.calls if c.name == finding.where and isinstance(c.layer, FUSED)), None)
    return None if call is None else Change(f"a ReLU in {call.name}", Edit(activations={call.name: "relu"}))


def no_softmax_within(evidence: Evidence, finding: Finding) -> Change:
    """ReLU for every Softmax that is a hidden activation."""
    names = [call.name for call in evidence.network.calls if is_hidden_softmax(evidence, call)]
    return Change(f"ReLU in {' and '.join(names)}", Edit(activations=dict.fromkeys(names, "relu")))


def less_noise(evidence: Evidence, finding: Finding) -> Change:
    """Each rate at most a fifth, and no noise."""
    calls = noisy(evidence)
    rates = {call.name: {"rate": min(call.layer.rate, 0.2)} for call in calls if hasattr(call.layer, "rate")}
    others = frozenset(call.name for call in calls if call.name not in rates)
    text = " and ".join(
        [*(["rates of 0.2"] if rates else []), *([f"no {', '.join(sorted(others))}"] if others else [])]
    )
    return Change(text, Edit(drop=others, options=rates))


def unfreeze(evidence: Evidence, finding: Finding) -> Change:
    """Every layer with weights may change."""
    names = {call.name for call in evidence.network.calls if call.has_weights}
    return Change("every layer trainable", Edit(options={name: {"trainable": True} for name in names}))


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
