"""The network layer by layer: how strong the signal is on its way, and the gradient on its way back."""

from __future__ import annotations

import math

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.gradients import norm
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
        for call, activity in forward.activities.items()
    )


def _gradient_norm(evidence: Evidence, call: Call) -> float | None:
    own = evidence.network.of_layer(call.layer, evidence.before.backward.weights)
    return finite(norm([gradient for _, gradient in own])) if own else None


def finite(value: float) -> float | None:
    """A number as JSON can hold it: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
