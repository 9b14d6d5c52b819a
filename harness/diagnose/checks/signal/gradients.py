"""Gradients that vanish or explode on their way back, or are zero from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.diagnose.evidence.evidence import Evidence, Passes
from harness.diagnose.findings import Finding, Number, Severity
from harness.diagnose.network.layers import kernel_shape
from harness.diagnose.question.optimizers import clipping

# Chains of sigmoid layers on digits, three epochs with Adam (bench/results/diagnose-thresholds.md): with 1/56 between
# the first and last kernel's gradient 63 %, 1/210 41 %, 1/1,400 19 %, 1/5,400 nothing. Healthy ones had 1/6 and more.
VANISH_STOPS = 1e-4
VANISH_SLOWS = 2e-3
# Adam divides by the gradient's root mean square plus 1e-7: below that its steps shorten too.
EPSILON = 1e-7
# The largest of a healthy network, when this was chosen, was 0.3, and 1.5 to 2.4 with normalization.
EXPLODE_SLOWS = 100.0


@dataclass(frozen=True)
class _Kernel:
    layer: str
    rms: float


def zero_gradient(evidence: Evidence) -> Iterator[Finding]:
    """The loss has no gradient at all, before or after the rehearsal.

    Threshold: every weight's gradient is exactly zero while examples are classified wrongly.
    """
    if not evidence.network.model.trainable_variables:
        return
    at_once, later = _is_zero(evidence.before), _is_zero(evidence.after)
    if not (at_once or later) or evidence.after.backward.loss < 1e-3:
        return
    yield Finding(
        kind="zero-gradient",
        severity="stops learning",
        certainty="likely",
        what="The loss has no gradient" + ("" if at_once else f" after {evidence.steps} steps"),
        where=evidence.head.logits_layer,
        evidence=Number(
            value=0.0,
            unit="norm of the gradient",
            text=f"the loss is {evidence.after.backward.loss:.3g}, and every weight's gradient is zero",
        ),
        why="Without a gradient no weight changes, whatever the learning rate is.",
        cure="Look at what is between the weights and the loss: a Softmax over a single output (use a sigmoid), "
        "rounding, argmax, or units that are all dead",
    )


def gradients_vanish(evidence: Evidence) -> Iterator[Finding]:
    """Gradients fade on their way back to the first layers.

    Threshold: the root mean square of the first kernel's gradient is 1/500 of the last one's (slows learning) or
    1/10,000 (stops it), or every kernel's is below 1e-7, Adam's epsilon (measured: docs/diagnose.md).
    """
    severity = vanishing(evidence)
    if severity is None:
        return
    kernels = _fading_kernels(evidence)
    first, last = kernels[0], kernels[-1]
    yield Finding(
        kind="gradients-vanish",
        severity=severity,
        what=f"The gradient fades on its way back to {first.layer}"
        if first.rms
        else f"No gradient reaches {first.layer}",
        where=first.layer,
        evidence=Number(
            value=fading(evidence),
            unit="of the last layer's gradient",
            text=f"the root mean square of the gradient is {last.rms:.2g} at {last.layer} and {first.rms:.2g} at "
            f"{first.layer}",
        ),
        why="The first layers stay as they were drawn, so the last ones learn from noise.",
        cure="Use ReLU with he_normal, not sigmoid or tanh; BatchNormalization, skip connections, or fewer layers"
        if first.rms
        else "Look at what it meets on its way there: stop_gradient, rounding, argmax, or far too many layers",
    )


def fading(evidence: Evidence) -> float:
    """The gradient of the first kernel, as a share of the last one's; 1 where there are no two."""
    kernels = _fading_kernels(evidence)
    if len(kernels) < 2:
        return 1.0
    return kernels[0].rms / kernels[-1].rms if kernels[-1].rms else 0.0


def held_below_epsilon(evidence: Evidence) -> bool:
    """Whether it is the weight of the loss that leaves every kernel's gradient below 1e-7."""
    largest = max((kernel.rms for kernel in _kernels(evidence)), default=0.0)
    return EPSILON * evidence.question.loss.weight <= largest < EPSILON


def vanishing(evidence: Evidence) -> Severity | None:
    """How bad it is that gradients fade on their way back; None where they don't."""
    kernels = _fading_kernels(evidence)
    if len(kernels) < 2 or not any(kernel.rms > 0 for kernel in kernels):
        return None
    ratio = fading(evidence)
    if max(kernel.rms for kernel in kernels) < EPSILON or ratio < VANISH_STOPS:
        return "stops learning"
    return "slows learning" if ratio < VANISH_SLOWS else None


def gradients_explode(evidence: Evidence) -> Iterator[Finding]:
    """Gradients are huge.

    Threshold: a kernel's root mean square above 100 where the optimizer doesn't clip, or one that is not finite.
    """
    kernels = _kernels(evidence)
    if not kernels:
        return
    worst = max(kernels, key=lambda kernel: kernel.rms if np.isfinite(kernel.rms) else np.inf)
    finite = bool(np.isfinite(worst.rms))
    if finite and (worst.rms <= EXPLODE_SLOWS or clipping(evidence.question.optimizer)):
        return
    yield Finding(
        kind="gradients-explode",
        severity="slows learning" if finite else "stops learning",
        certainty="likely",
        what=f"The gradient is {'huge' if finite else 'no number'} at {worst.layer}",
        where=worst.layer,
        evidence=Number(
            value=worst.rms if finite else None,
            unit="root mean square",
            text=f"the root mean square of its kernel's gradient is {worst.rms:.3g}",
        ),
        why="Plain gradient descent takes steps as long as the gradient: a few of these and the weights overflow."
        if finite
        else "After one step with it every weight that it reaches is NaN.",
        cure="Scale the inputs, keep Keras's initializers, weigh the loss less, use BatchNormalization, or "
        "clipnorm=1.0 in the optimizer"
        if finite
        else "Look for a square root, a logarithm or a division at zero, whose slope is infinite, and add a small "
        "number before it",
    )


def _fading_kernels(evidence: Evidence) -> list[_Kernel]:
    """Each kernel's gradient, after the rehearsal where none but the last has one before: that may begin at zero."""
    before = _kernels(evidence)
    return _kernels(evidence, evidence.after) if not any(kernel.rms for kernel in before[:-1]) else before


def _kernels(evidence: Evidence, passes: Passes | None = None) -> list[_Kernel]:
    """Each trainable kernel's gradient, in the order of the calls; before any step where no passes are given."""
    gradients = (passes or evidence.before).backward.weights
    found = []
    for call in evidence.network.calls:
        if kernel_shape(call.layer) is None:
            continue
        own = evidence.network.of_layer(call.layer, gradients)
        kernel = next((gradient for weight, gradient in own if len(weight.shape) >= 2), None)
        if kernel is not None:
            found.append(_Kernel(call.name, float(np.sqrt(np.mean(kernel.astype(np.float64) ** 2)))))
    return found


def _is_zero(passes: Passes) -> bool:
    return not any(np.any(gradient) for gradient in passes.backward.weights)
