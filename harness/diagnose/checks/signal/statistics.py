"""BatchNormalization layers that remember other statistics than those of their inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.statistics import Remembered
from harness.stats.learned import above_chance, chance_level

FEWEST = 16
# Of the examples. Healthy networks that were trained for long enough lose less to moving averages.
LOST = 0.1
# A gap counts where so many times more examples are right only with the statistics measured again than only without.
TIMES = 3
# What a layer that is never measured again may be off: a network that learned from frozen ones had 5 times and 0.6.
STRETCH = 10.0
SHIFT = 3.0


def moving_statistics(evidence: Evidence) -> Iterator[Finding]:
    """A network is right while BatchNormalization uses the statistics of its inputs, and not with those it remembers.

    Threshold: with the statistics measured again on the batch, nothing else changed, at least 10 of 100 examples more
    are right, and more than luck (`harness.stats.learned`). It stops learning where the network is at chance without,
    and makes at most half of the errors of chance with them. A network that has not learned is told of frozen layers
    whose deviation is off 10 times, or their mean by 3 deviations, which slows learning, or that together leave images
    so much more alike.
    """
    if evidence.measured_again is None or len(evidence.batch.images) < FEWEST:
        return
    layers = evidence.measured_again[1]
    found = lost_in_inference(evidence)
    fixed = [layer for layer in layers if layer.fixed]
    frozen = [layer for layer in fixed if layer.stretch >= STRETCH or layer.shift >= SHIFT]
    if not frozen and _faded(evidence) >= STRETCH:
        frozen = fixed
    if found is not None:
        yield found
    elif frozen and not evidence.has_learned:
        yield _frozen(evidence, frozen)


def lost_in_inference(evidence: Evidence) -> Finding | None:
    """What inference loses of what the network is right about."""
    classes, again = evidence.batch.classes, evidence.measured_again
    if not evidence.trained or evidence.head_is_fresh or classes is None or again is None:
        return None
    outputs, layers = again
    now, could = evidence.answers(evidence.predictions), evidence.answers(outputs)
    if now is None or could is None:
        return None
    accuracy, better = float((now == classes).mean()), float((could == classes).mean())
    gained, lost = (
        int(((could == classes) & (now != classes)).sum()),
        int(((could != classes) & (now == classes)).sum()),
    )
    chance, count = chance_level(classes), len(classes)
    if better - accuracy < LOST or gained < TIMES * lost or not above_chance(better, max(accuracy, chance), count):
        return None
    lost_all = not above_chance(accuracy, chance, count) and 1 - better <= (1 - chance) / 2
    layer = _furthest(layers)
    return Finding(
        kind="moving-statistics",
        severity="stops learning" if lost_all else "slows learning",
        what=f"{layer.call.name} remembers other statistics than those of its inputs",
        where=layer.call.name,
        evidence=Number(
            value=accuracy,
            unit="accuracy",
            better=better,
            text=f"{accuracy:.0%} of {count} examples are right in inference, and {better:.0%} with the statistics of "
            f"these examples, as in training; {_how_far(layer)}{_and_others(layers)}",
        ),
        why=_why(evidence, layer),
        cure=_cure(layer),
    )


def _frozen(evidence: Evidence, layers: Sequence[Remembered]) -> Finding:
    layer = _furthest(layers)
    start = "its start, a mean of 0 and a deviation of 1" if layer.at_start else "another training"
    return Finding(
        kind="moving-statistics",
        severity="slows learning",
        certainty="likely",
        what=f"{layer.call.name} is frozen with other statistics than those of its inputs",
        where=layer.call.name,
        evidence=Number(value=layer.stretch, unit="times off", text=f"{_how_far(layer)}{_and_others(layers)}"),
        why=f"It normalizes with the statistics of {start}, so what follows gets numbers that it was not made for.",
        cure=f"Set trainable=True for {layer.call.name}, and compile again"
        if layer.at_start
        else f"Scale the images as in the training of {layer.call.name} (its preprocess_input), or set trainable=True",
    )


def _faded(evidence: Evidence) -> float:
    """How many times more the outputs differ between images with the statistics measured again than without."""
    assert evidence.measured_again is not None
    now, again = evidence.predictions.std(axis=0).mean(), evidence.measured_again[0].std(axis=0).mean()
    return float(again / now) if now > 0 and np.isfinite(again) else 1.0


def _furthest(layers: Sequence[Remembered]) -> Remembered:
    return max(layers, key=lambda layer: layer.distance)


def _how_far(layer: Remembered) -> str:
    shift = f"{layer.shift:.2g}"
    mean = f"its moving mean is {shift} standard deviation{'s' * (shift != '1')} off"
    return f"{mean}, and its moving deviation {layer.stretch:.2g} times" if layer.stretch >= 1.1 else mean


def _and_others(layers: Sequence[Remembered]) -> str:
    far = _furthest(layers).distance / 2
    others = len([layer for layer in layers if layer.distance >= far]) - 1
    return f"; {others} more layer{'s are' if others > 1 else ' is'} nearly as far off" if others else ""


def _why(evidence: Evidence, layer: Remembered) -> str:
    if layer.fixed:
        return "The layer is frozen: it keeps what it remembered before these weights, which are good."
    if layer.at_start:
        return "The layer never ran in training mode, and remembers nothing: it was called with training=False."
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
    again = "measure them again: a pass over the training images in training mode, at a learning rate of 0"
    if layer.fixed:
        return f"Set trainable=True for {layer.call.name} and compile again; for these weights, {again}"
    if layer.at_start:
        return f"Leave out training=False in training; for these weights, {again}"
    if layer.call.layer.momentum > 0.9:
        return f"momentum=0.9 in {layer.call.name}, or more steps; for these weights, {again}"
    return f"Train for more steps, or {again}; scale images here as in training"
