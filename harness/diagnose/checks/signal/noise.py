"""Dropout and noise so strong that the image does not get through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.calls import Call, Network

DRAWS = 16
# Networks on digits with Dropout, three epochs (bench/results/diagnose-thresholds.md): below 0.01 they were at 9 to
# 19 % in training, with 0.05 at 20 and 59 %.
STOPS_BELOW = 0.01
SLOWS_BELOW = 0.05
HIGH_RATE = 0.95  # cost at least 10 points in each of them
USUAL_RATE = 0.5
_NOISE = ("Dropout", "GaussianNoise")  # parts of the names of Keras's layers that draw


def dropout_high(evidence: Evidence) -> Iterator[Finding]:
    """What a network makes of an image changes more from draw to draw of its dropout than from image to image.

    Threshold: over 16 draws of the same batch, the variance of the logits between images is less than 1/20 of that
    between draws (slows learning) or 1/100 (stops it; measured: docs/diagnose.md). A rate of 0.95 slows it in any case.
    Not where it is one layer of a rate up to 0.5, as usual: then there was next to nothing of the image before it.
    """
    calls = noisy(evidence)
    if not calls or evidence.has_learned:
        return
    worst = max(calls, key=strength)
    rate = _rate(worst)
    if len(calls) == 1 and rate is not None and rate <= USUAL_RATE:
        return
    share = signal(evidence)
    if share >= SLOWS_BELOW and (rate or 0.0) < HIGH_RATE:
        return
    yield Finding(
        kind="dropout-high",
        severity="stops learning" if share < STOPS_BELOW else "slows learning",
        what=f"{_little(share)} of the image gets through {worst.name} ({_shown(worst)})",
        where=worst.name,
        evidence=Number(
            value=share,
            unit="of the noise",
            text=f"over {DRAWS} draws the outputs differ between images by {share:.2g} of what they differ between "
            "draws of the same image (as variances)",
        ),
        why="Dropout leaves other units out at each step, and makes up for it by enlarging the rest. Where few are "
        "left, the gradient is that of the draw, not of the image.",
        cure=_cure(worst, len(calls)),
    )


def noisy(evidence: Evidence) -> list[Call]:
    """The calls that draw anew at each step and change their input by it."""
    return [
        call
        for call in evidence.network.calls
        if any(part in type(call.layer).__name__ for part in _NOISE) and strength(call) > 0
    ]


def strength(call: Call) -> float:
    """The variance that a layer adds to a number of size 1."""
    rate = _rate(call)
    return float(call.layer.stddev) ** 2 if rate is None else rate / max(1 - rate, 1e-9)


def signal(evidence: Evidence) -> float:
    """The variance of the logits between images, in units of that between draws; 0 where the images' is not seen."""
    before, after = around(evidence.as_given(), noisy(evidence)[0], evidence.head.logits)
    images = evidence.batch.images
    given = before(images, training=True)
    draws = np.stack(
        [
            keras.ops.convert_to_numpy(after(given, training=True)).reshape(len(images), -1).astype(np.float64)
            for _ in range(DRAWS)
        ]
    )
    noise = float(draws.var(axis=0, ddof=1).mean())
    between = float(draws.mean(axis=0).var(axis=0, ddof=1).mean()) - noise / DRAWS
    return max(between, 0.0) / noise if noise > 0 else np.inf


def around(network: Network, first: Call, logits: Any) -> tuple[keras.Model, keras.Model]:
    """The layers before the first that draws, which need not run again for every draw, and the rest."""
    image, (taken,) = network.model.inputs[0], first.inputs
    try:
        return keras.Model(image, taken), keras.Model(taken, logits)
    except ValueError:  # something leads past it
        return keras.Model(image, image), keras.Model(image, logits)


def _cure(worst: Call, layers: int) -> str:
    rate = _rate(worst)
    if rate is None:
        return f"Lower the noise of {worst.name}: a tenth of the spread of what it gets is usual"
    if rate <= USUAL_RATE:
        return f"Lower it to 0.2, or leave some of these {layers} layers out: what they leave of the image multiplies"
    return f"Lower it in {worst.name}: a rate of 0.2 to 0.5 is usual"


def _little(share: float) -> str:
    return "Next to nothing" if share < STOPS_BELOW else "Little" if share < SLOWS_BELOW else "Too little"


def _rate(call: Call) -> float | None:
    rate = getattr(call.layer, "rate", None)
    return None if rate is None else float(rate)


def _shown(call: Call) -> str:
    rate = _rate(call)
    return f"a deviation of {call.layer.stddev:g}" if rate is None else f"a rate of {rate:g}"
