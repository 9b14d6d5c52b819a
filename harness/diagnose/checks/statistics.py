"""BatchNormalization layers that remember other statistics than those of their inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.statistics import Remembered
from harness.learned import above_chance, chance_level

FEWEST = 16
# Trained healthy networks lost at most 0.05 of their accuracy to moving averages (docs/diagnose.md).
LOST = 0.1
# A gap counts where so many times more examples are right only with the statistics measured again than only without.
TIMES = 3


def moving_statistics(evidence: Evidence) -> Iterator[Finding]:
    """A network is right while BatchNormalization uses the statistics of its inputs, and not with those it remembers.

    Threshold: with the statistics measured again on the batch, nothing else changed, at least 10 of 100 examples more
    are right, and more than luck (`harness.learned`). It stops learning where the network is at chance without.
    """
    again, classes = evidence.measured_again, evidence.batch.classes
    if again is None or classes is None or len(classes) < FEWEST:
        return
    outputs, layers = again
    now, could = evidence.answers(evidence.predictions), evidence.answers(outputs)
    if now is None or could is None:
        return
    right_now, right_then = now == classes, could == classes
    accuracy, better = float(right_now.mean()), float(right_then.mean())
    gained, lost = int((right_then & ~right_now).sum()), int((right_now & ~right_then).sum())
    chance = chance_level(classes)
    if better - accuracy < LOST or gained < TIMES * lost or not above_chance(better, max(accuracy, chance), len(classes)):
        return
    layer = max(layers, key=lambda layer: layer.distance)
    others = len([other for other in layers if other is not layer and other.distance > layer.distance / 2])
    yield Finding(
        kind="moving-statistics",
        severity="slows learning" if above_chance(accuracy, chance, len(classes)) else "stops learning",
        what=f"{layer.call.name} remembers other statistics than those of its inputs",
        where=layer.call.name,
        evidence=Number(
            value=accuracy,
            unit="accuracy",
            better=better,
            text=f"{accuracy:.0%} of {len(classes)} examples are right in inference, and {better:.0%} with the "
            f"statistics of these examples, as in training; {_how_far(layer)}" + _and_others(others),
        ),
        why=_why(evidence, layer),
        cure=_cure(layer),
    )


def _how_far(layer: Remembered) -> str:
    mean = f"its moving mean is {layer.shift:.2g} standard deviations off"
    return f"{mean}, and its moving deviation {layer.stretch:.2g} times" if layer.stretch >= 1.1 else mean


def _and_others(others: int) -> str:
    return f"; so it is at {others} other layer{'s' * (others > 1)}" if others else ""


def _why(evidence: Evidence, layer: Remembered) -> str:
    if layer.fixed:
        return "The layer is frozen, or called with training=False: it keeps what it remembered before these weights."
    steps, momentum = evidence.steps_trained, layer.call.layer.momentum
    left = momentum**steps
    if steps and left > 0.05:
        return (
            f"Inference uses moving averages, and after {steps} steps at a momentum of {momentum:g} they still are "
            f"{left:.0%} of what they began as, 0 and 1. The weights are good."
        )
    return (
        "In training a layer uses the statistics of its batch, in inference moving averages of them. These are of "
        "other weights, or of other images than the ones here. The weights are good."
    )


def _cure(layer: Remembered) -> str:
    again = "measure them again: a pass over the training images in training mode, with a learning rate of 0"
    if layer.fixed:
        return f"Unfreeze it, leave out training=False, or {again}"
    if layer.call.layer.momentum > 0.9:
        return f"momentum=0.9 in {layer.call.name}, or more steps; for these weights, {again}"
    return f"Train for more steps, or {again}; scale images here as in training"
