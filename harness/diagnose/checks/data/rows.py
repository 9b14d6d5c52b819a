"""A Dense kernel after Flatten whose rows belong to other positions and channels than those they now meet."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.calls import Call, Network
from harness.diagnose.network.layers import is_linear

# On single-convolution networks trained on digits, the true distance had a correlation of 0.29 to 0.36 and the best
# wrong one at most 0.24 (bench/results/diagnose-thresholds.md).
CLEAR = 0.15
TIMES = 1.5
MOST_CHANNELS = 512


def rows_misordered(evidence: Evidence) -> Iterator[Finding]:
    """Rows of neighbouring pixels are alike, but not at the distance at which they should be.

    Flatten is channels-last: the rows of a pixel and of its right neighbour, for the same channel, are as far apart
    as there are channels. In a trained kernel they resemble each other, since neighbouring pixels do. Threshold: the
    correlation is at least 0.15 at some other distance, and 1.5 times that at the right one (measured:
    docs/diagnose.md). It sees what has several pixels left at Flatten and was trained; elsewhere it says nothing.
    """
    if not evidence.trained:
        return
    for flatten in evidence.network.calls:
        dense = _dense_after(evidence.network, flatten)
        shape = tuple(flatten.inputs[0].shape[1:])
        if dense is None or len(shape) != 3 or min(shape[:2]) < 4 or shape[2] > MOST_CHANNELS:
            continue
        similar = similarity(keras.ops.convert_to_numpy(dense.layer.kernel), 2 * shape[2] + 32)
        best = int(np.argmax(similar))
        right = float(similar[shape[2] - 1])
        if best + 1 != shape[2] and similar[best] >= CLEAR and similar[best] >= TIMES * max(right, 0.0):
            yield _finding(dense, shape, best + 1, float(similar[best]), right)


def _finding(dense: Call, shape: tuple[int, ...], distance: int, best: float, right: float) -> Finding:
    channels = shape[2]
    before = (
        "the rows have their channels first, as PyTorch flattens them"
        if distance == 1
        else f"the kernel was made for {distance} channels, and has lost rows of the wrong ones"
    )
    return Finding(
        kind="rows-misordered",
        severity="stops learning",
        what=f"The rows of {dense.name} are not in the order of what it gets",
        where=dense.name,
        evidence=Number(
            value=distance,
            unit="rows between neighbours",
            text=f"neighbouring pixels' rows should be alike {channels} rows apart, for {channels} channels, and their "
            f"correlation there is {right:.2f}; {distance} {'row' if distance == 1 else 'rows'} apart it is {best:.2f}",
        ),
        why=f"Flatten gives row (h * {shape[1]} + w) * {channels} + c, and {before}: every weight meets a pixel and "
        "channel that it was not trained for.",
        cure="Take the rows by that formula: harness prune does, or kernel.reshape(height, width, channels, -1), "
        "remove channels there, and reshape back. Training more hides the mistake, and costs what was learned",
    )


def similarity(kernel: NDArray[np.float32], furthest: int) -> NDArray[np.float64]:
    """The correlation of the rows of a kernel, (rows, units), that are 1, 2, ... `furthest` apart."""
    centred = kernel - kernel.mean(axis=0)
    power = float(np.mean(centred**2)) or 1.0
    furthest = min(furthest, len(kernel) - 1)
    return np.array([np.mean(centred[:-apart] * centred[apart:]) / power for apart in range(1, furthest + 1)])


def _dense_after(network: Network, flatten: Call) -> Call | None:
    """The Dense layer that takes what Flatten gives, with nothing between that moves or bends."""
    if not isinstance(flatten.layer, keras.layers.Flatten):
        return None
    for call in network.following(flatten):
        if isinstance(call.layer, keras.layers.Dense):
            return call
        if call.has_weights or not is_linear(call.layer, call.activation):
            return None
    return None
