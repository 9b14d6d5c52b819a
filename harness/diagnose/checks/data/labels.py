"""Labels that don't fit the loss or the network's classes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number

MOST_SHOWN = 60  # characters of a label
_NAMES = {
    "integer": "class numbers",
    "one-hot": "one-hot rows",
    "multi-hot": "rows that don't sum to 1",
    None: "neither class numbers nor one-hot rows",
}


def labels_unreadable(evidence: Evidence) -> Iterator[Finding]:
    """Labels that name no class of the model's. Threshold: they are neither class numbers nor a row for each example.

    Rows that don't sum to 1 suit binary cross-entropy and losses that compare numbers, not those that share out one
    probability.
    """
    loss, given = evidence.question.loss, evidence.labels.encoding
    if loss.kind == "custom" or given in ("integer", "one-hot"):
        return
    rows = math.prod(evidence.question.labels.shape[1:])
    if given == "multi-hot" and loss.kind in ("binary", "rows") and rows == evidence.output_shape[-1]:
        return
    yield _mislabelled(
        evidence,
        f"The labels are {_NAMES[given]}, and {loss.name} wants {_NAMES[_wanted(evidence)]}",
        "Give one whole number for each example, from 0" if loss.kind == "sparse" else "Give one-hot rows",
    )


def label_encoding(evidence: Evidence) -> Iterator[Finding]:
    """Class numbers for a loss that wants one-hot rows, or the other way round. Threshold: the loss's own promise."""
    loss, given, wanted = evidence.question.loss, evidence.labels.encoding, _wanted(evidence)
    if wanted is None or given in (wanted, "multi-hot"):
        return
    what = f"The labels are {_NAMES[given]}, and {loss.name} wants {_NAMES[wanted]}"
    yield _mislabelled(evidence, what, _cure(loss.kind, given))


def _wanted(evidence: Evidence) -> Literal["integer", "one-hot"] | None:
    """How the loss wants its labels; None where only its author knows."""
    kind = evidence.question.loss.kind
    if kind == "custom":
        return None
    return "integer" if kind == "sparse" or evidence.output_shape[-1] == 1 else "one-hot"


def _mislabelled(evidence: Evidence, what: str, cure: str) -> Finding:
    labels = evidence.question.labels
    return Finding(
        kind="label-encoding",
        severity="stops learning",
        what=what,
        evidence=Number(value=None, unit="", text=f"labels of shape {labels.shape}, such as {_shown(labels[0])}"),
        why="Keras refuses them, or compares each output with the wrong number.",
        cure=cure,
    )


def _shown(label: Any) -> str:
    text = str(np.asarray(label)).replace("\n", " ")
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + " ..."


def class_count(evidence: Evidence) -> Iterator[Finding]:
    """Labels without an output of their own. Threshold: any; an output without labels is worth a note."""
    classes, kind = evidence.labels.classes, evidence.question.loss.kind
    *_, width = evidence.output_shape
    if classes is None or kind == "custom":
        return
    outputs = 2 if width == 1 and kind in ("binary", "rows") else width
    low, high = int(classes.min()), int(classes.max())
    if evidence.labels.encoding == "one-hot":
        high = max(high, math.prod(evidence.question.labels.shape[1:]) - 1)
    layer = evidence.question.model.layers[-1].name
    if low < 0 or high >= outputs:
        without = (classes < 0) | (classes >= outputs)
        from_one = low == 1 and high == outputs and evidence.labels.encoding == "integer"
        yield Finding(
            kind="class-count",
            severity="stops learning",
            what=f"The labels go from {low} to {high}, and {_has(outputs, width)}",
            where=layer,
            evidence=Number(
                value=int(without.sum()),
                unit="labels",
                text=f"{without.mean():.0%} of the labels have no output",
            ),
            why="The loss of such a label is NaN or an error, depending on the device.",
            cure="Subtract 1 from the labels" if from_one else _widened(low, high, len(set(classes.tolist())), width),
        )
    elif unused := sorted(set(range(outputs)) - set(classes.tolist())):
        shown = ", ".join(map(str, unused[:3])) + (f" and {len(unused) - 3} more" if len(unused) > 3 else "")
        yield Finding(
            kind="class-count",
            severity="note",
            what=f"The model has {outputs} outputs, and no label is {shown}",
            where=layer,
            evidence=Number(value=len(unused), unit="outputs", text=f"{len(unused)} of {outputs} are never right"),
            why="It learns all the same: those outputs only learn that they never occur.",
            cure="Leave it, where they are only missing here; else number the classes from 0 without gaps, and give "
            f"the last layer {outputs - len(unused)} outputs",
        )


def _has(outputs: int, width: int) -> str:
    if width > 1:
        return f"the model has {outputs} outputs, numbered from 0"
    return "the model has one output" + (", which tells 0 and 1 apart" if outputs == 2 else "")


def _widened(low: int, high: int, several: int, width: int) -> str:
    """What to do about labels beyond the outputs; the largest label decides, whether or not all below it occur."""
    if width == 1 and (low, high) == (0, 1):
        return "Use loss='binary_crossentropy' with the one output, a sigmoid, or give the last layer 2 outputs"
    if width == 1 and several <= 2:
        return "Number the two classes 0 and 1"
    if low < 0:
        return f"Number the {several} classes from 0 without gaps, and give the last layer {several} outputs"
    widened = f"Give the last layer {high + 1} outputs, the largest label and 1"
    if several == high + 1:
        return widened
    return f"{widened} (labels that never occur do no harm), or number the {several} classes from 0 without gaps"


def _cure(kind: str, given: str | None) -> str:
    if given == "one-hot" and kind == "sparse":
        return "Use loss='categorical_crossentropy', or labels.argmax(axis=-1)"
    if given == "one-hot":
        return "Use labels.argmax(axis=-1), or give the model one output for each class"
    if kind == "categorical":
        return "Use loss='sparse_categorical_crossentropy', or keras.utils.to_categorical(labels)"
    return "Use loss='sparse_categorical_crossentropy' with a Softmax, or keras.utils.to_categorical(labels)"
