"""What BatchNormalization layers remember of their inputs, beside what those are on a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.network.calls import Call, Network


@dataclass(frozen=True)
class Remembered:
    """One BatchNormalization layer.

    Attributes:
        shift: root mean square, over channels, of how far the remembered mean is from that of the batch, in standard
            deviations of the batch.
        stretch: what factor the remembered deviation is away from the batch's, at the median channel; at least 1.
        at_start: whether it remembers nothing yet: means of 0 and variances of 1.
        fixed: whether training leaves it as it is.
    """

    call: Call
    shift: float
    stretch: float
    at_start: bool
    fixed: bool

    @property
    def distance(self) -> float:
        """How far off both are together, to find the layer that is furthest off."""
        return self.shift + float(np.log(self.stretch))


def measure_again(network: Network, images: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remembered, ...]]:
    """What the network answers when each BatchNormalization uses the statistics of what goes into it; nothing drops.

    Changes the network's moving averages, as training does. Images are (B, ...), the answers (B, ...).
    """
    made: dict[int, Any] = {id(network.model.inputs[0]): keras.ops.convert_to_tensor(images)}
    normalizations = {
        id(call.output): call for call in network.calls if isinstance(call.layer, keras.layers.BatchNormalization)
    }
    wanted = {id(call.inputs[0]) for call in normalizations.values()}
    found: list[Remembered] = []

    def after(tensor: Any, value: Any) -> Any:
        call = normalizations.get(id(tensor))
        if call is not None:
            taken = made[id(call.inputs[0])]
            found.append(_remember(call, taken))
            value = call.layer(taken, training=False)
        if id(tensor) in wanted:
            made[id(tensor)] = value
        return value

    outputs = network.replay(made[id(network.model.inputs[0])], after)
    return np.asarray(keras.ops.convert_to_numpy(outputs)), tuple(found)


def _remember(call: Call, taken: Any) -> Remembered:
    """Compare a layer's statistics with those of what it takes, and set them to these."""
    layer = call.layer
    mean, variance = _of_channels(taken, layer.axis)
    old_mean, old_variance = (_array(weight) for weight in (layer.moving_mean, layer.moving_variance))
    at_start = not old_mean.any() and bool((old_variance == 1).all())
    layer(taken, training=True)
    fixed = bool(np.array_equal(_array(layer.moving_mean), old_mean)) and not np.allclose(mean, old_mean)
    deviation, remembered = np.sqrt(variance + layer.epsilon), np.sqrt(old_variance + layer.epsilon)
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance)
    return Remembered(
        call=call,
        shift=float(np.sqrt(np.mean(np.square((old_mean - mean) / deviation)))),
        stretch=float(np.exp(np.median(np.abs(np.log(remembered / deviation))))),
        at_start=at_start,
        fixed=fixed,
    )


def _of_channels(taken: Any, axis: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and variance of each channel, over the examples and all else."""
    values = np.moveaxis(_array(taken), axis, -1)
    rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
    return rows.mean(axis=0), rows.var(axis=0)


def _array(values: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(values))
