"""Signals that fade or grow on their way through the layers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.diagnose.checks.signal.gradients import vanishing
from harness.diagnose.checks.signal.rate import learning_rate_high
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.layers import kernel_shape

# Chains of Dense layers on digits, three epochs with Adam (bench/results/diagnose-thresholds.md): fallen to 1/5, they
# reach 67 %; to 1/110 43 %; to 1/3,200 20 %; from 1/120,000 on they learn nothing.
SHRINK_STOPS = 1e5
SHRINK_SLOWS = 1e3
# Grown 6 times beyond the larger of 1 and the inputs, three epochs gave 62 %, not 76 %; grown 60 times, 39 %.
GROWTH_SLOWS = 25.0
# Initial weights of a deviation of 0.3 to 5, three epochs: where ten steps left a loss of 20 times ln K or more, 13 to
# 37 % (bench/results/diagnose-thresholds.md); below, up to 63 %.
HOPELESS = 20.0


def activations_explode(evidence: Evidence) -> Iterator[Finding]:
    """The outputs of layers grow with depth.

    Threshold: a spread 25 times the larger of 1 and the inputs' (measured: docs/diagnose.md). It stops learning
    where the numbers overflow, and where the loss stays hopeless. Not where they only do so in the trained network, and
    its learning rate is seen to be too high.
    """
    spreads = _spreads(evidence)
    finite = all(activity.finite for activity in evidence.before.forward.activities.values())
    if not spreads or (finite and growth(evidence) < GROWTH_SLOWS):
        return
    if evidence.trained and growth(evidence.fresh) < GROWTH_SLOWS and any(learning_rate_high(evidence)):
        return
    stops = not finite or hopeless(evidence)
    name, largest = max(spreads, key=lambda pair: pair[1] if math.isfinite(pair[1]) else math.inf)
    yield Finding(
        kind="activations-explode",
        severity="stops learning" if stops else "slows learning",
        what=f"The activations grow with depth, up to {name}",
        where=name,
        evidence=Number(
            value=growth(evidence) if finite else None,
            unit="times the inputs",
            text=f"the spread of what the layers make goes from {spreads[0][1]:.3g} at {spreads[0][0]} to "
            f"{largest:.3g} at {name}; the loss is {evidence.losses[0]:.3g}"
            + (f", after {evidence.steps} steps {evidence.losses[-1]:.3g}" if evidence.steps else ""),
        ),
        why="The logits are huge before training begins, so the loss is too, and its steps are far too long.",
        cure="Keep to glorot_uniform or he_normal initializers, or put BatchNormalization after each convolution",
    )


def activations_shrink(evidence: Evidence) -> Iterator[Finding]:
    """The outputs of layers fade with depth.

    Threshold: a spread of the last layers of 1/1,000 of the first's slows learning, 1/100,000 stops it (measured:
    docs/diagnose.md). The gradients fade for the same reason, so it stops learning as well where they do so far that
    `gradients_vanish` would say it.
    """
    ratio = shrinkage(evidence)
    if ratio < SHRINK_SLOWS:
        return
    spreads = _spreads(evidence)
    (first, start), (last, end) = max(spreads, key=lambda pair: pair[1]), spreads[-1]
    stops = ratio >= SHRINK_STOPS or vanishing(evidence) == "stops learning"
    yield Finding(
        kind="activations-shrink",
        severity="stops learning" if stops else "slows learning",
        what=f"The activations fade with depth, down to {last}",
        where=last,
        evidence=Number(
            value=1 / ratio,
            unit="of the first layers' spread",
            text=f"the spread of what the layers make falls from {start:.3g} at {first} to {end:.3g} at {last}",
        ),
        why="The last layers see next to nothing of the image, and gradients fade by the same factor on the way back.",
        cure="Use he_normal initializers with ReLU, BatchNormalization after each convolution, or fewer layers",
    )


def shrinkage(evidence: Evidence) -> float:
    """How many times the spread of the last layer before the logits is contained in the largest; 1 where none is."""
    spreads = [spread for _, spread in _spreads(evidence)]
    if not spreads or not all(math.isfinite(spread) for spread in spreads):
        return 1.0
    return max(spreads) / spreads[-1] if spreads[-1] > 0 else math.inf


def growth(evidence: Evidence) -> float:
    """The largest spread, in units of 1 or of the inputs where they are larger."""
    spreads = [spread if math.isfinite(spread) else math.inf for _, spread in _spreads(evidence)]
    return max(spreads, default=0.0) / max(1.0, evidence.before.forward.input_rms)


def hopeless(evidence: Evidence) -> bool:
    """Whether the rehearsal ends at a cross-entropy far above that of a network that knows nothing."""
    if not evidence.question.loss.is_crossentropy:
        return False
    nothing = math.log(max(evidence.output_shape[-1], 2))
    return not evidence.losses[-1] < HOPELESS * nothing


def _spreads(evidence: Evidence) -> list[tuple[str, float]]:
    """The name and spread of each layer with a kernel, in order, but for the one that makes the logits."""
    last = evidence.head.logits_layer
    return [
        (call.name, activity.spread)
        for call, activity in evidence.before.forward.activities.items()
        if kernel_shape(call.layer) and call.name != last
    ]
