"""The network layer by layer: how strong the signal is on its way, and the gradient on its way back."""

from __future__ import annotations

import math

import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import LayerPicture
from harness.diagnose.network.calls import Call


def picture(evidence: Evidence) -> tuple[LayerPicture, ...]:
    """Every call of the network, in order, before any step."""
    forward = evidence.before.forward
    return tuple(
        LayerPicture(
            layer=call.name,
            kind=call.kind,
            shape=call.shape,
            spread=finite(activity.spread),
            dead=activity.dead,
            gradient=_gradient_norm(evidence, call),
        )
        for call, activity in zip(evidence.network.calls, forward.activities, strict=True)
    )


def _gradient_norm(evidence: Evidence, call: Call) -> float | None:
    own = {id(weight) for weight in getattr(call.layer, "trainable_variables", ())}
    weights = evidence.network.model.trainable_variables
    gradients = [
        gradient
        for weight, gradient in zip(weights, evidence.before.backward.weights, strict=True)
        if id(weight) in own
    ]
    if not gradients:
        return None
    return finite(math.sqrt(sum(float(np.sum(np.square(gradient, dtype=np.float64))) for gradient in gradients)))


def finite(value: float) -> float | None:
    """A number as JSON can hold it: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
