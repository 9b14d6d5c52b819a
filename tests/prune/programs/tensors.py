"""What all steps know."""

from __future__ import annotations

from typing import Any

Tensor = Any
ACTIVATIONS = ("relu", "tanh", "silu", "gelu", "softmax", "sigmoid", "elu", "linear", "leaky_relu", "hard_silu")


def has_rank(x: Tensor, *ranks: int) -> bool:
    """Whether it has so many axes, the batch's among them."""
    return len(x.shape) in ranks
