"""An untrained network that is already sure of its answers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number

SURE = 0.99
SHARE = 0.5
TIMES = 4.0


def output_saturated(evidence: Evidence) -> Iterator[Finding]:
    """Before any training, wrong answers have a probability above 0.99.

    Threshold: half of all examples, or a loss of four times ln K, that of a network of K classes that knows nothing
    (Karpathy, 'A recipe for training neural networks', 2019). Healthy untrained networks had at most 1.2 times ln K
    (bench/results/diagnose-thresholds.md).
    """
    head, classes = evidence.head, evidence.batch.classes
    if head.activation is None or classes is None or evidence.trained:
        return
    outputs = evidence.before.forward.outputs.reshape(len(classes), -1)
    if outputs.shape[1] != evidence.output_shape[-1]:
        return
    if outputs.shape[1] == 1:
        sure = np.maximum(outputs[:, 0], 1 - outputs[:, 0]) > SURE
        wrong = (outputs[:, 0] > 0.5) != (classes > 0)
    else:
        sure, wrong = outputs.max(axis=1) > SURE, outputs.argmax(axis=1) != classes
    share, usual = float((sure & wrong).mean()), math.log(max(outputs.shape[1], 2))
    costly = evidence.question.loss.is_crossentropy and evidence.before.backward.loss >= TIMES * usual
    if share < SHARE and not costly:
        return
    yield Finding(
        kind="output-saturated",
        severity="slows learning",
        what="The untrained network is sure of wrong answers",
        where=head.activation_layer,
        evidence=Number(
            value=share,
            unit="of the examples",
            text=f"{share:.0%} of the examples get a wrong class with a probability above {SURE}; the loss is "
            f"{evidence.before.backward.loss:.3g}, where one that knows nothing has {usual:.2f}",
        ),
        why="Training must first undo that certainty, in long steps that may kill units, and where the loss is "
        "computed from probabilities there is no gradient to undo it with.",
        cure="Scale the inputs to about 1, and keep Keras's initializers; smaller initial weights in "
        f"{head.logits_layer} also help",
    )
