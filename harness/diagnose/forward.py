"""One forward pass, with what every layer made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.layers import RECTIFYING
from harness.diagnose.network import Call, Network


@dataclass(frozen=True)
class Activity:
    """One call's output over a batch.

    Attributes:
        rms: root of the mean square.
        spread: standard deviation over all numbers of all examples.
        dead: share of its channels (or units) that are zero everywhere on every example; None where it is no ReLU.
        finite: whether all numbers are.
    """

    rms: float
    spread: float
    dead: float | None
    finite: bool


@dataclass(frozen=True)
class Forward:
    """A forward pass in training mode, in which BatchNormalization uses the batch and Dropout drops.

    Attributes:
        activities: one for each of the network's calls, in order.
        input_rms: root of the mean square of what goes into the network.
        logits: (B, ...) what the head's Softmax or sigmoid takes.
        outputs: (B, ...) what comes out.
    """

    activities: tuple[Activity, ...]
    input_rms: float
    logits: NDArray[Any]
    outputs: NDArray[Any]


def run_forward(network: Network, logits: Any, images: NDArray[np.float32]) -> Forward:
    """Run images (B, ...) through the network, in training mode, and look at each call's output."""
    look = keras.Model(network.model.inputs[0], [*(call.output for call in network.calls), logits])
    *made, logit_values = [np.asarray(keras.ops.convert_to_numpy(x)) for x in look(images, training=True)]
    return Forward(
        activities=tuple(_activity(call, values) for call, values in zip(network.calls, made, strict=True)),
        input_rms=math.sqrt(_mean_square(images.reshape(-1))),
        logits=logit_values,
        outputs=made[-1],
    )


def _activity(call: Call, values: NDArray[Any]) -> Activity:
    numbers = values.astype(np.float32, copy=False).reshape(-1)
    square = _mean_square(numbers)
    return Activity(
        rms=math.sqrt(square),
        spread=math.sqrt(_mean_square(numbers - numbers.mean())),
        dead=_dead(values) if call.activation in RECTIFYING else None,
        finite=math.isfinite(square),
    )


def _dead(values: NDArray[Any]) -> float:
    return float((values.reshape(-1, values.shape[-1]).max(axis=0) <= 0).mean())


def _mean_square(numbers: NDArray[np.float32]) -> float:
    """In blocks, so that float32 neither overflows soon nor forgets small numbers beside a large sum."""
    blocks = np.array_split(numbers, max(1, numbers.size // 4096))
    return float(np.sum([np.float64(block @ block) for block in blocks]) / numbers.size)
