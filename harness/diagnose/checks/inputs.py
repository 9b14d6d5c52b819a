"""The scale of what goes into the first layer with weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.layers import NORMALIZING, is_linear, kernel_shape
from harness.diagnose.network import Call

# Digits of 0 to 64 have a root mean square of 21, and train as well as those of 0 to 1; from 0 to 128 on, the first
# epoch's loss is higher; of 0 to 255 (84) several times so (docs/diagnose.md).
LARGE = 30.0
SMALL = 0.01


def inputs_unscaled(evidence: Evidence) -> Iterator[Finding]:
    """What goes into the first layer with weights is far larger or smaller than 1.

    Threshold: a root mean square above 30 or below 0.01 (measured: docs/diagnose.md; the reason is in LeCun and
    others, 'Efficient BackProp', 1998). Not where a normalization follows that layer, which takes the scale out
    again, nor for a network that has learned with such inputs.
    """
    first = next((call for call in evidence.network.calls if kernel_shape(call.layer)), None)
    if first is None or _normalized(evidence, first) or evidence.has_learned:
        return
    rms = rms_before(evidence, first)
    if SMALL <= rms <= LARGE or not np.isfinite(rms):
        return
    images = evidence.batch.images
    low, high = float(images.min()), float(images.max())
    large = rms > LARGE
    yield Finding(
        kind="inputs-unscaled",
        severity="slows learning",
        what=f"The inputs are far too {'large' if large else 'small'}: from {low:g} to {high:g}",
        where=first.name,
        evidence=Number(
            value=rms,
            unit="root mean square",
            text=f"what goes into {first.name} has a root mean square of {rms:.3g}, where about 1 is right",
        ),
        why="Initial weights are made for inputs near 1. Larger ones make outputs that are sure and wrong before "
        "training begins, and steps that are too long; smaller ones hide the images behind the biases."
        if large
        else "Initial weights are made for inputs near 1. With far smaller ones every image gives nearly the same "
        "output, and the first layer must grow before anything can be seen.",
        cure=_cure(low, high, large),
    )


def rms_before(evidence: Evidence, call: Call) -> float:
    """The root mean square of what goes into a call."""
    forward, taken = evidence.before.forward, call.inputs[0]
    for made, activity in zip(evidence.network.calls, forward.activities, strict=True):
        for tensor, rms in zip(made.outputs, activity.rms, strict=True):
            if tensor is taken:
                return rms
    return forward.input_rms


def _normalized(evidence: Evidence, call: Call) -> bool:
    """Whether a normalization follows, with nothing between that has weights or bends."""
    while True:
        following = evidence.network.consumers(call)
        if len(following) != 1:
            return False
        call = following[0]
        if isinstance(call.layer, NORMALIZING):
            return True
        if call.has_weights or not is_linear(call.layer, call.activation):
            return False


def _cure(low: float, high: float, large: bool) -> str:
    if not large:
        return "Scale the images once only: pixels divided by 255 lie between 0 and 1"
    if low >= 0 and high <= 255:
        return "Divide the images by 255, or begin the network with keras.layers.Rescaling(1/255)"
    return "Begin the network with keras.layers.Normalization, adapted to the training images"
