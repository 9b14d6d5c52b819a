"""A trained network that gives one answer to everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.checks.signal.statistics import lost_in_inference
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.stats.learned import chance_level

FEWEST = 16
SIGNIFICANCE = 0.001
COMMON = 0.75  # share of the commoner class from which the other is rare


def predictions_collapsed(evidence: Evidence) -> Iterator[Finding]:
    """A trained network predicts the same class for every example; one output has two classes.

    Threshold: one class for all of at least 16 examples of several classes. An untrained network may do so in health,
    also one whose last layer alone is; and one that `moving_statistics` tells of has learned, and only does so in
    inference. It slows learning where one of two classes is rare, a quarter or less, and a single output is higher for
    one than for the other all the same (rank test, p below 0.001): the border between them is elsewhere.
    """
    classes = evidence.batch.classes
    if classes is None or len(classes) < FEWEST or len(np.unique(classes)) < 2:
        return
    if not evidence.trained or evidence.head_is_fresh:
        return
    answers = evidence.answers(evidence.predictions)
    if answers is None or len(np.unique(answers)) > 1 or lost_in_inference(evidence) is not None:
        return
    outputs = evidence.predictions.reshape(len(classes), -1)
    tells_apart = _tells_apart(outputs, classes)
    single = outputs.shape[1] == 1
    yield Finding(
        kind="predictions-collapsed",
        severity="slows learning" if tells_apart and chance_level(classes) >= COMMON else "stops learning",
        certainty="likely",
        what=f"The trained network answers {answers[0]} to every image",
        where=evidence.head.logits_layer,
        evidence=Number(
            value=1,
            unit="class predicted",
            text=f"{len(classes)} examples of {len(np.unique(classes))} classes all get class {answers[0]}; the "
            f"{'output differs' if single else 'probabilities differ'} between images by "
            f"{outputs.std(axis=0).max():.2g}",
        ),
        why="Its output is higher for one class than for the other, but never crosses the border between them: one "
        "class is rare, or training has only begun."
        if tells_apart
        else "It ignores the image: it has learned which class is commonest, or fell into a state without gradients.",
        cure="Weigh the rare class more with class_weight in fit, train longer, or put the border elsewhere"
        if tells_apart
        else "Train again from fresh weights once the cause is mended; with no other finding, check that training saw "
        "these images, with this scale and these labels",
    )


def _tells_apart(outputs: NDArray[np.floating], classes: NDArray[np.int64]) -> bool:
    """Whether a single output is higher for one class than for the other."""
    if outputs.shape[1] > 1 or not np.isfinite(outputs).all() or len(np.unique(outputs)) < 2:
        return False
    from scipy import stats

    high, low = outputs[classes == classes.max(), 0], outputs[classes != classes.max(), 0]
    return bool(stats.mannwhitneyu(high, low, alternative="greater").pvalue < SIGNIFICANCE)
