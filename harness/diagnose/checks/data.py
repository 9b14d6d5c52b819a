"""Data and weights that nothing can be learned with: not numbers, not as many labels as images, one class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Number


def data_not_finite(evidence: Evidence) -> Iterator[Finding]:
    """An image or label is NaN or infinite. Threshold: one is enough, since any sum with it is NaN too."""
    for name, values in (("images", evidence.question.images), ("labels", evidence.question.labels)):
        if values.dtype.kind != "f":
            continue
        flat = values.reshape(len(values), -1)
        bad = int((~np.isfinite(flat).all(axis=1)).sum())
        if bad:
            yield Finding(
                kind="data-not-finite",
                severity="stops learning",
                what=f"Some {name} are NaN or infinite",
                evidence=Number(value=bad, unit=name, text=f"{bad:,} of {len(values):,} {name} have such a value"),
                why="One of them in a batch makes the loss NaN, and after that step every weight is NaN.",
                cure=f"Find where they come from (a division by zero, a missing value), and mend those {name}",
            )


def weights_not_finite(evidence: Evidence) -> Iterator[Finding]:
    """A weight is NaN or infinite. Threshold: one is enough."""
    for layer in evidence.question.model.layers:
        bad = sum(int((~np.isfinite(weight)).sum()) for weight in layer.get_weights() if weight.dtype.kind == "f")
        if bad:
            yield Finding(
                kind="weights-not-finite",
                severity="stops learning",
                what="Weights are NaN or infinite",
                where=layer.name,
                evidence=Number(value=bad, unit="weights", text=f"{bad:,} weights of {layer.name} are no numbers"),
                why="Everything computed from them is NaN, whatever the input is.",
                cure="Start again from fresh weights, with a lower learning rate or after mending the data, or load "
                "weights from before the loss became NaN",
            )


def labels_for_each_image(evidence: Evidence) -> Iterator[Finding]:
    """There are not as many labels as images. Threshold: any difference."""
    images, labels = len(evidence.question.images), len(evidence.question.labels)
    if images != labels:
        yield Finding(
            kind="examples-mismatch",
            severity="stops learning",
            what=f"{images:,} images have {labels:,} labels",
            evidence=Number(value=labels - images, unit="labels too many", text="each image needs one label"),
            why="Keras refuses such data, and where one of them was cut, labels belong to the wrong images.",
            cure="Load images and labels together, and select from both in the same way",
        )


def one_class(evidence: Evidence) -> Iterator[Finding]:
    """All labels are the same. Threshold: fewer than two classes."""
    classes = evidence.labels.classes
    if classes is not None and len(classes) and classes.min() == classes.max():
        yield Finding(
            kind="one-class",
            severity="stops learning",
            what=f"Every label is {classes[0]}",
            evidence=Number(value=1, unit="class", text=f"all {len(classes):,} examples are of one class"),
            why="There is nothing to tell apart: always giving that answer has a loss of zero.",
            cure="Check how the labels were read, and that the data was shuffled before a part of it was taken",
        )
