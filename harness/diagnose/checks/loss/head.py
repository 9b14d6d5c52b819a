"""Logits with a floor or a ceiling: an activation right before the Softmax."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.layers import RECTIFYING

# Where an activation's output can lie; a ReLU has a floor alone.
RANGES = {
    "relu6": (0.0, 6.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}


def softmax_of_one(evidence: Evidence) -> Iterator[Finding]:
    """A Softmax over a single number, which is always 1. Threshold: the axis that it runs over has length 1."""
    head = evidence.head
    if head.activation != "softmax" or _length(evidence) != 1:
        return
    if evidence.output_shape[-1] > 1 or head.logits.shape[-1] > 1:
        yield _along_wrong_axis(evidence)
        return
    yield Finding(
        kind="softmax-of-one",
        severity="stops learning",
        what=f"{head.activation_layer} takes the Softmax of a single output",
        where=head.activation_layer,
        evidence=Number(value=1, unit="output", text="whatever the logit is, the probability is 1"),
        why="A Softmax shares out a probability of 1 among its outputs, and a single one gets all of it.",
        cure="Use activation='sigmoid' for two classes with one output, or give the layer one output for each class",
    )


def _length(evidence: Evidence) -> int:
    """How many numbers the last Softmax shares 1 out among."""
    call = next(c for c in evidence.network.calls if c.activation == "softmax" and c.inputs[0] is evidence.head.logits)
    axis = getattr(call.layer, "axis", -1)
    shape = evidence.head.logits.shape
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    return int(np.prod([shape[a] or 2 for a in axes]))


def _along_wrong_axis(evidence: Evidence) -> Finding:
    head = evidence.head
    shape = "x".join(map(str, head.logits.shape[1:]))
    return Finding(
        kind="softmax-of-one",
        severity="stops learning",
        what=f"{head.activation_layer} takes the Softmax along an axis of one number",
        where=head.activation_layer,
        evidence=Number(value=1, unit="output", text=f"of {shape} numbers each is a Softmax by itself, and always 1"),
        why="A Softmax shares out a probability of 1 along its axis, and here each output gets all of it.",
        cure="Use the axis of the classes: Softmax(axis=-1)",
    )


def clipped_logits(evidence: Evidence) -> Iterator[Finding]:
    """An activation with a floor or a ceiling makes the logits.

    Threshold: that it is there, which no architecture wants. It stops learning where a class is lost: its logit is
    zero on every example after the rehearsal. In 10 of 10 trainings of the colored-digit network those very classes
    were never learned, and no others (docs/diagnose.md).
    """
    call = evidence.head.bounded_by
    if call is None or call.activation is None or not evidence.question.loss.is_crossentropy:
        return
    if call.activation in RECTIFYING:
        yield _rectified(evidence, call.name, call.activation)
    elif call.activation in RANGES:
        yield _bounded(evidence, call.name, call.activation)


def _rectified(evidence: Evidence, name: str, function: str) -> Finding:
    logits = evidence.after.forward.logits
    logits = logits.reshape(-1, logits.shape[-1])
    lost = int((logits <= 0).all(axis=0).sum())
    zero = float((logits <= 0).mean())
    single = logits.shape[-1] == 1
    when = f"after {evidence.steps} steps" if evidence.steps else "before any step"
    return Finding(
        kind="clipped-logits",
        severity="stops learning" if lost or single else "slows learning",
        what=f"{name} has a ReLU right before the {_activation(evidence)}",
        where=name,
        evidence=Number(
            value=lost,
            unit="classes lost",
            text=f"{when} the logits of {lost} of {logits.shape[-1]} classes are zero on every "
            f"example, and {zero:.0%} of all logits",
        ),
        why="No output can say 'less likely than nothing', and a logit at zero has no gradient: a class whose logit is "
        "zero on every example is never learned.",
        cure=f"Remove the {function} from {name}: the last layer before the {_activation(evidence)} has no activation",
    )


def _bounded(evidence: Evidence, name: str, function: str) -> Finding:
    low, high = RANGES[function]
    others = max(evidence.output_shape[-1], 2) - 1
    most = float(1 / (1 + others * np.exp(low - high)))
    return Finding(
        kind="clipped-logits",
        severity="slows learning",
        what=f"{name} has a {function} right before the {_activation(evidence)}",
        where=name,
        evidence=Number(
            value=most, unit="probability", text=f"no class can get a probability above {most:.2f}, however sure"
        ),
        why="Logits between a floor and a ceiling can't say that one class is certain: the loss stays high, and the "
        "gradient vanishes where the activation saturates.",
        cure=f"Remove the {function} from {name}: the last layer before the {_activation(evidence)} has no activation",
    )


def _activation(evidence: Evidence) -> str:
    return {"softmax": "Softmax", "sigmoid": "sigmoid"}.get(evidence.head.activation or "", "loss")
