"""What a classifier's outputs say: the class of each example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PROBABILITY, LOGIT = 0.5, 0.0  # above which a single output says class 1
NO_ANSWER = -1  # the class of an example with a NaN among its scores


def answered(outputs: NDArray[Any], threshold: float = LOGIT) -> NDArray[np.int64]:
    """The likeliest class, (N, ...) of outputs (N, ..., classes); a single output says class 1 above `threshold`."""
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > threshold).astype(np.int64)
    return np.asarray(outputs.argmax(axis=-1), dtype=np.int64)
