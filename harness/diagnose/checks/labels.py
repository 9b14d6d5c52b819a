"""Labels that don't fit the loss or the network's classes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Number


def label_encoding(evidence: Evidence) -> Iterator[Finding]:
    """Class numbers for a loss that wants one-hot rows, or the other way round. Threshold: the loss's own promise."""
    loss, given = evidence.question.loss, evidence.labels.encoding
    several = evidence.output_shape[-1] > 1
    wanted = {"sparse": "integer", "categorical": "one-hot", "binary": "one-hot" if several else "integer"}.get(
        loss.kind
    )
    if wanted is None or given == wanted:
        return
    shape = evidence.question.labels.shape
    found = {"integer": "class numbers", "one-hot": "one-hot rows", None: "neither class numbers nor one-hot rows"}
    yield Finding(
        kind="label-encoding",
        severity="stops learning",
        what=f"The labels are {found[given]}, and {loss.name} wants {found[wanted]}",
        evidence=Number(value=None, unit="", text=f"labels of shape {shape}, such as {evidence.question.labels[0]}"),
        why="Keras refuses them, or compares each output with the wrong number.",
        cure=_cure(loss.kind, given, wanted),
    )


def class_count(evidence: Evidence) -> Iterator[Finding]:
    """Labels without an output of their own. Threshold: any; an output without labels is worth a note."""
    classes = evidence.labels.classes
    if classes is None or evidence.question.loss.kind == "other" or not len(classes):
        return
    *_, width = evidence.output_shape
    outputs = 2 if width == 1 and evidence.question.loss.kind == "binary" else width
    low, high = int(classes.min()), int(classes.max())
    layer = evidence.question.model.layers[-1].name
    if low < 0 or high >= outputs:
        from_one = low == 1 and high == outputs
        yield Finding(
            kind="class-count",
            severity="stops learning",
            what=f"The labels go from {low} to {high}, and the model has {outputs} outputs, numbered from 0",
            where=layer,
            evidence=Number(
                value=int(((classes < 0) | (classes >= outputs)).sum()),
                unit="labels",
                text=f"{((classes < 0) | (classes >= outputs)).mean():.0%} of the labels have no output",
            ),
            why="The loss of such a label is NaN or an error, depending on the device.",
            cure="Subtract 1 from the labels"
            if from_one
            else f"Give the last layer {high + 1 - min(low, 0)} outputs, or number the classes from 0 without gaps",
        )
    elif high + 1 < outputs:
        yield Finding(
            kind="class-count",
            severity="note",
            what=f"The model has {outputs} outputs, and the labels only go up to {high}",
            where=layer,
            evidence=Number(
                value=outputs - high - 1, unit="outputs", text=f"{outputs - high - 1} outputs are never right"
            ),
            why="It learns all the same: those outputs only learn that they never occur.",
            cure=f"Give the last layer {high + 1} outputs, if these are all the classes",
        )


def _cure(kind: str, given: str | None, wanted: str) -> str:
    if given == "one-hot":
        return "Use loss='categorical_crossentropy', or labels.argmax(axis=-1)"
    if given == "integer" and kind == "categorical":
        return "Use loss='sparse_categorical_crossentropy', or keras.utils.to_categorical(labels)"
    if given == "integer":
        return "Use loss='sparse_categorical_crossentropy' with a Softmax, or keras.utils.to_categorical(labels)"
    return "Give one whole number for each example, from 0" if wanted == "integer" else "Give one-hot rows"
