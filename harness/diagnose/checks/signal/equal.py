"""Units of a layer that are copies of each other, and stay so."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.calls import Call

# Kernels that hold several gates side by side, each of as many columns as there are units.
_GATES = {keras.layers.LSTM: 4, keras.layers.GRU: 3, keras.layers.ConvLSTM2D: 4}
ROUNDING = 1e-3


def equal_units(evidence: Evidence) -> Iterator[Finding]:
    """All units of a hidden layer have the same weights and the same gradients.

    Threshold: the columns of its kernels are equal, and the gradients differ by less than a thousandth of their size:
    no step tells one unit from another. A kernel of equal columns whose gradients differ is no finding: other layers,
    or dropout, tell its units apart.
    """
    calls = [call for call in evidence.as_given().calls if _stays_equal(evidence, call)]
    if not calls or evidence.has_learned:
        return
    where, names = calls[0], ", ".join(dict.fromkeys(call.name for call in calls))
    yield Finding(
        kind="equal-units",
        severity="stops learning",
        what=f"All weights of {where.name} start equal, so that its units stay copies of each other",
        where=where.name,
        evidence=Number(
            value=len(calls),
            unit="layers",
            text=f"all units of {names} have the weights of their neighbours, and the same gradients",
        ),
        why="Units with equal weights get equal gradients and stay equal: however many there are, the layer says no "
        "more than one of them.",
        cure="Draw the weights at random: leave out kernel_initializer, or use 'he_normal'; only biases start at zero",
    )


def _stays_equal(evidence: Evidence, call: Call) -> bool:
    """Whether each kernel of a layer of several units has equal columns with equal gradients."""
    own = evidence.network.of_layer(call.layer, evidence.before.backward.weights)
    kernels = [(weight, gradient) for weight, gradient in own if len(weight.shape) >= 2]
    if not kernels or call.name == evidence.head.logits_layer or isinstance(call.layer, keras.layers.Embedding):
        return False
    gates = next((count for kind, count in _GATES.items() if isinstance(call.layer, kind)), 1)
    return all(
        _equal_columns(np.asarray(keras.ops.convert_to_numpy(kernel)), gates) and _equal_columns(gradient, gates)
        for kernel, gradient in kernels
    )


def _equal_columns(values: NDArray[np.float32], gates: int) -> bool:
    """Whether all columns, of each gate, are the same to rounding, and there are several."""
    columns = values.reshape(-1, gates, values.shape[-1] // gates).astype(np.float64)
    if columns.shape[-1] < 2 or not np.isfinite(columns).all():
        return False
    return bool(np.ptp(columns, axis=-1).max() <= ROUNDING * np.abs(columns).max())
