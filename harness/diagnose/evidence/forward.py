"""One forward pass, with what every layer made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.network.calls import Call, Network
from harness.diagnose.network.layers import RECTIFYING


@dataclass(frozen=True)
class Activity:
    """One call's output over a batch; where it makes several tensors, all of those of floating point.

    Attributes:
        rms: root of the mean square, of each tensor that the call makes.
        spread: standard deviation over all numbers of all examples.
        dead: share of its channels (or units) that are zero everywhere on every example; None where it is no ReLU.
        finite: whether all numbers are.
    """

    rms: tuple[float, ...]
    spread: float
    dead: float | None
    finite: bool


@dataclass(frozen=True)
class Forward:
    """A forward pass in training mode, in which BatchNormalization uses the batch and Dropout drops.

    Attributes:
        activities: what each of the network's calls made, in order.
        input_rms: root of the mean square of what goes into the network.
        logits: (B, ...) what the head's Softmax or sigmoid takes.
        outputs: (B, ...) what comes out.
        penalties: what each layer adds to the objective, by regularizers or `add_loss`, where it does.
    """

    activities: Mapping[Call, Activity]
    input_rms: float
    logits: NDArray[Any]
    outputs: NDArray[Any]
    penalties: Mapping[str, float]


def run_forward(network: Network, logits: Any, images: NDArray[np.float32]) -> Forward:
    """Run images (B, ...) through the network, in training mode, and look at each call's output."""
    tensors = [*(tensor for call in network.calls for tensor in call.outputs), logits, network.model.outputs[0]]
    look = keras.Model(network.model.inputs[0], tensors)
    values = [np.asarray(keras.ops.convert_to_numpy(x)) for x in look(images, training=True)]
    made = {id(tensor): value for tensor, value in zip(tensors, values, strict=True)}
    return Forward(
        activities={call: _activity(call, [made[id(tensor)] for tensor in call.outputs]) for call in network.calls},
        input_rms=math.sqrt(_mean_square(images.reshape(-1))),
        logits=values[-2],
        outputs=values[-1],
        penalties=_penalties(network),
    )


def _penalties(network: Network) -> dict[str, float]:
    """Of the pass that was just made."""
    found: dict[str, float] = {}
    for call in {id(call.layer): call for call in network.calls}.values():
        if losses := getattr(call.layer, "losses", None):
            added = sum(float(np.sum(keras.ops.convert_to_numpy(loss))) for loss in losses)
            found[call.name] = found.get(call.name, 0.0) + added
    return found


def _activity(call: Call, values: list[NDArray[Any]]) -> Activity:
    """Of what a call made: an array for each of its outputs."""
    flat = [value.astype(np.float32, copy=False).reshape(-1) for value in values]
    of_floats = [x for x, tensor in zip(flat, call.outputs, strict=True) if keras.backend.is_float_dtype(tensor.dtype)]
    numbers = np.concatenate(of_floats or flat) if len(flat) > 1 else flat[0]
    squares = [_mean_square(x) for x in flat]
    return Activity(
        rms=tuple(math.sqrt(square) for square in squares),
        spread=math.sqrt(_mean_square(numbers - numbers.mean())),
        dead=_dead(values[0]) if call.activation in RECTIFYING else None,
        finite=all(math.isfinite(square) for square in squares),
    )


def _dead(values: NDArray[Any]) -> float:
    return float((values.reshape(-1, values.shape[-1]).max(axis=0) <= 0).mean())


def _mean_square(numbers: NDArray[np.float32]) -> float:
    """In blocks, so that float32 neither overflows soon nor forgets small numbers beside a large sum."""
    blocks = np.array_split(numbers, max(1, numbers.size // 4096))
    return float(np.sum([np.float64(block @ block) for block in blocks]) / numbers.size)
