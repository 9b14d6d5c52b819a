"""A trained network that gives one answer to everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Number

FEWEST = 16


def predictions_collapsed(evidence: Evidence) -> Iterator[Finding]:
    """A trained network predicts the same class for every example.

    Threshold: one class for all of at least 16 examples of several classes. An untrained network may do so in health.
    """
    classes = evidence.batch.classes
    if classes is None or not evidence.trained or len(classes) < FEWEST or len(np.unique(classes)) < 2:
        return
    outputs = evidence.predictions.reshape(len(classes), -1)
    if outputs.shape[1] != evidence.output_shape[-1] or outputs.shape[1] < 2:
        return
    answers = outputs.argmax(axis=1)
    if len(np.unique(answers)) > 1:
        return
    varies = float(outputs.std(axis=0).max())
    yield Finding(
        kind="predictions-collapsed",
        severity="stops learning",
        certainty="likely",
        what=f"The trained network answers {answers[0]} to every image",
        where=evidence.head.logits_layer,
        evidence=Number(
            value=1,
            unit="class predicted",
            text=f"{len(classes)} examples of {len(np.unique(classes))} classes all get class {answers[0]}; the "
            f"probabilities differ between images by {varies:.2g}",
        ),
        why="It ignores the image: it has learned which class is commonest, or fell into a state without gradients.",
        cure="Train again from fresh weights once the cause is mended; with no other finding, check that training saw "
        "these images, with this scale and these labels",
    )
