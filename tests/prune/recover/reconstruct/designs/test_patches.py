"""What a kernel meets is what the backend lets it meet."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from harness.prune.recover.reconstruct.designs.convolutions import Convolution, Depthwise, Separable, Transposed
from harness.prune.recover.reconstruct.designs.rows import Rows
from tests.prune.nets import array

L = keras.layers


def made_by_equations(kind: type[Convolution], op: Any, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What a design of all positions times the kernel makes, in the shape of the layer's output."""
    how = kind(op)
    rows = Rows.drawn(shape[:-1], 10**9, np.random.default_rng(0))
    kernel = next(weight for weight in op.weights if weight.name == how.weight)
    made = np.einsum("rbc,bco->rbo", how.design(x, rows), how.matrix(array(kernel)))
    return made.reshape(shape)


def check(kind: type[Convolution], op: Any, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = array(op(x))
    np.testing.assert_allclose(made_by_equations(kind, op, x, expected.shape), expected, atol=2e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_convolutions_of_every_stride_and_dilation(size: int, padding: str) -> None:
    for strides, dilation in [(1, 1), (2, 1), (3, 1), (5, 1), (1, 2), (1, 3)]:
        options = {"strides": strides, "dilation_rate": dilation, "padding": padding, "use_bias": False}
        check(Convolution, L.Conv2D(4, (size, 2), **options), (2, 11, 8, 6))
        check(Convolution, L.Conv1D(4, size, groups=2, **options), (2, 13, 6))
        check(Depthwise, L.DepthwiseConv2D(size, depth_multiplier=2, **options), (2, 11, 11, 3))
        check(Separable, L.SeparableConv1D(5, size, depth_multiplier=2, **options), (2, 13, 3))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_transposed_convolutions_of_every_stride_and_padding(size: int) -> None:
    for strides, padding in itertools.product((1, 2, 3), ("valid", "same")):
        for extra in (None, *range(strides)):
            options = {"strides": strides, "padding": padding, "output_padding": extra, "use_bias": False}
            for op, shape in (
                (L.Conv2DTranspose(4, (size, 3), **options), (2, 5, 4, 3)),
                (L.Conv1DTranspose(4, size, **options), (2, 7, 3)),
            ):
                try:
                    op(np.zeros(shape, np.float32))
                except Exception:  # what the backend runs is for it to say
                    assert extra is not None
                    continue
                check(Transposed, op, shape)


def test_a_long_sequence_is_met_at_the_right_places() -> None:
    """Positions beyond what a digit holds."""
    check(Convolution, L.Conv1D(2, 5, strides=3, padding="causal", use_bias=False), (1, 40_000, 2))
