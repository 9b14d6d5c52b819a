"""Steps that bring tensors together, or add up along an axis."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from tests.prune.programs.tensors import Tensor, has_rank

L = keras.layers


def _fitted(x: Tensor, y: Tensor) -> Tensor | None:
    """`y` in the shape of `x`, through a projection where only the channels differ."""
    if x.shape == y.shape:
        return y
    if len(x.shape) == len(y.shape) and x.shape[:-1] == y.shape[:-1]:
        return L.Dense(x.shape[-1])(y)
    return None


def merging(kind: type) -> Callable[[Tensor, Tensor, int], Tensor | None]:
    def step(x: Tensor, y: Tensor, _: int) -> Tensor | None:
        other = _fitted(x, y) if x is not y else L.Dense(x.shape[-1])(x)
        return None if other is None else kind()([x, other])

    return step


def concatenate(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    axis = 1 + size % (len(x.shape) - 1)
    same = len(x.shape) == len(y.shape) and all(
        p == q for k, (p, q) in enumerate(zip(x.shape, y.shape, strict=True)) if k != axis
    )
    if not same:
        other = _fitted(x, y)
        return None if other is None else L.Concatenate(axis)([x, other])
    return L.Concatenate(axis)([x, y]) if size % 2 else ops.concatenate([x, y, x], axis)


def attention_map(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    """A map with one channel, or the mean over channels, scales all of them."""
    if not has_rank(x, 4):
        return None
    gate = L.Conv2D(1, 3, padding="same", activation="sigmoid")(x) if size % 2 else ops.mean(x, -1, keepdims=True)
    return L.Multiply()([x, gate])


def dot(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    if not has_rank(x, 3) or not has_rank(y, 3):
        return None
    axes = [(i, j) for i in (1, 2) for j in (1, 2) if x.shape[i] == y.shape[j]]
    return L.Dot(axes[size % len(axes)], normalize=size % 2 == 0)([x, y]) if axes else None


def binary(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    other = _fitted(x, y) if x is not y else None
    if other is None:
        return x * 0.5 + 1.0
    return (x + other, x - other, x * other, ops.maximum(x, other), ops.where(x > 0.0, x, other), 2.0 * x)[size % 6]


def reduce(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    axis = 1 + size % (len(x.shape) - 1)
    if has_rank(x, 2):
        return None
    return (ops.mean, ops.sum, ops.max)[size % 3](x, axis=axis, keepdims=size % 2 == 0)


def matmul(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    if not has_rank(x, 3) or not has_rank(y, 3):
        return None
    if x.shape[2] == y.shape[1]:
        return ops.matmul(x, y)
    return ops.einsum("abc,adc->abd", x, y) if x.shape[2] == y.shape[2] else None
