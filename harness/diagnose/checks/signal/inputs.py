"""The scale of what goes into the first layer with weights."""

from __future__ import annotations

import math
from collections.abc import Iterator

import keras

from harness.diagnose.checks.signal.activations import hopeless
from harness.diagnose.evidence.change import evidence_with
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.rehearsal import fall
from harness.diagnose.evidence.scaling import (
    ALIKE,
    LARGE,
    SMALL,
    Cure,
    Entering,
    cure,
    effaced_by,
    entering,
    first_layer,
    scalings,
)
from harness.diagnose.findings import Finding, Number, Severity
from harness.diagnose.network.calls import Call
from harness.diagnose.network.layers import NORMALIZING, is_linear

# Ten steps that take less than this share off the loss are steps on the spot, where with the cure they take off more
# than that, and so many times what they take off without it.
FLAT = 0.01
TIMES = 10
# A normalization makes its outputs' size 1, unless its epsilon is more than the variance that it gets.
LEFT = 0.1


def inputs_unscaled(evidence: Evidence) -> Iterator[Finding]:
    """What goes into the first layer with weights is far larger or smaller than 1, or nearly the same for every image.

    Threshold: a root mean square above 30 or below 0.01, after whatever scales the images inside the network (measured:
    docs/diagnose.md; the reason is in LeCun and others, 'Efficient BackProp', 1998), or a difference between images of
    less than 0.05 of that. Not where a normalization follows that layer and takes the scale out again, also outside
    training, nor for a network that has learned with such inputs, nor for images that are all equal. It stops learning
    where the images are so alike, where the rehearsal stands still while with the cure it does not, and where the loss
    stays hopeless.
    """
    first = first_layer(evidence.network)
    if first is None or evidence.has_learned or not evidence.batch.images.std(axis=0).any():
        return
    found = entering(evidence.as_given(), first, evidence.batch.images)
    normalization = _normalization(evidence, first)
    effacing = effaced_by(evidence.network, first, evidence.batch.images) if found.low == found.high else None
    if effacing is not None:
        yield _effaced(effacing, found)
        return
    if found.is_usable or not math.isfinite(found.rms):
        return
    if normalization is not None and _is_taken_out(evidence, found, normalization):
        return
    mend = cure(evidence)
    yield Finding(
        kind="inputs-unscaled",
        severity=_severity(evidence, found, mend) if normalization is None else "slows learning",
        what=_what(evidence, first, found),
        where=first.name,
        evidence=_number(first, found),
        why=_why(found) if normalization is None else _why_normalized(normalization),
        cure=mend.text,
    )


def _effaced(call: Call, found: Entering) -> Finding:
    """A layer that leaves nothing of any image, as LayerNormalization along an axis of one."""
    return Finding(
        kind="inputs-unscaled",
        severity="stops learning",
        what=f"{call.name} makes the same of every image",
        where=call.name,
        evidence=Number(
            value=found.rms, unit="root mean square", text=f"what comes out of it is {found.low:.3g} everywhere"
        ),
        why="Nothing behind it can tell one image from another. A number less the mean of itself alone is zero.",
        cure=f"Leave {call.name} out, or let it normalize along axes of more than one number",
    )


def _severity(evidence: Evidence, found: Entering, mend: Cure) -> Severity:
    if _alike(found) or hopeless(evidence):
        return "stops learning"
    without = fall(evidence.losses)
    if not evidence.steps or without >= FLAT:
        return "slows learning"
    cured = fall(evidence_with(evidence, mend.change).losses)
    return "stops learning" if cured >= max(FLAT, TIMES * without) else "slows learning"


def _alike(found: Entering) -> bool:
    return found.rms >= SMALL and found.differs < ALIKE


def _what(evidence: Evidence, first: Call, found: Entering) -> str:
    images = evidence.batch.images
    low, high = float(images.min()), float(images.max())
    own = " and ".join(dict.fromkeys(call.name for call in scalings(evidence.network, first)))
    if own and found.rms <= LARGE:
        return f"The images are scaled twice: they go from {low:.3g} to {high:.3g}, and {own} scales them again"
    if own:
        return f"{own} does not scale the images, which go from {low:g} to {high:g}"
    if _alike(found):
        return f"The images are nearly the same: their pixels hardly differ from {found.rms:.3g}"
    return f"The inputs are far too {'large' if found.rms > LARGE else 'small'}: from {low:g} to {high:g}"


def _number(first: Call, found: Entering) -> Number:
    span = f"what goes into {first.name} lies between {found.low:.3g} and {found.high:.3g}"
    if _alike(found):
        text = f"{span}, and images differ by {found.differs:.2g} of that size, where 0.1 is little"
        return Number(value=found.differs, unit="of its size", text=text)
    text = f"{span}, and has a root mean square of {found.rms:.3g}, where about 1 is right"
    return Number(value=found.rms, unit="root mean square", text=text)


def _why(found: Entering) -> str:
    if _alike(found):
        return (
            "Every image is nearly the same number plus a trace of itself: the first layers answer to the number, and "
            "the trace is lost in it."
        )
    if found.rms > LARGE:
        return (
            "Initial weights are made for inputs near 1. Larger ones make outputs that are sure and wrong before "
            "training begins, and steps that are too long; smaller ones hide the images behind the biases."
        )
    return (
        "Initial weights are made for inputs near 1. With far smaller ones every image gives nearly the same output, "
        "and the first layer must grow before anything can be seen."
    )


def _why_normalized(normalization: Call) -> str:
    return (
        f"In training {normalization.name} takes the scale out again, but not outside of it: its moving averages begin "
        "at 0 and 1, and so small a spread takes them a thousand steps and more. Until then predict() and validation "
        "give one answer."
    )


def _normalization(evidence: Evidence, call: Call) -> Call | None:
    """The normalization that follows, with nothing between that has weights or bends."""
    for following in evidence.network.following(call):
        if isinstance(following.layer, NORMALIZING):
            return following
        if following.has_weights or not is_linear(following.layer, following.activation):
            return None
    return None


def _is_taken_out(evidence: Evidence, found: Entering, normalization: Call) -> bool:
    """Whether a normalization takes a wrong scale out again.

    Not where its epsilon is more than what it gets, nor a trace beside a mean, or of size 1 in a thousand, from a
    BatchNormalization outside training: its moving averages begin at 0 and 1, and need that many steps to come so far.
    """
    left = evidence.before.forward.activities[normalization].rms[0]
    batch = isinstance(normalization.layer, keras.layers.BatchNormalization)
    return left >= LEFT and (found.rms > LARGE or not batch)
