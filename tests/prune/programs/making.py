"""Steps that make channels, or give each a weight."""

from __future__ import annotations

from collections.abc import Callable

import keras

from tests.prune.programs.tensors import ACTIVATIONS, Tensor, has_rank

L = keras.layers


def conv(rank: int) -> Callable[[Tensor, Tensor, int], Tensor | None]:
    kind = {3: L.Conv1D, 4: L.Conv2D, 5: L.Conv3D}[rank]

    def step(x: Tensor, _: Tensor, size: int) -> Tensor | None:
        if not has_rank(x, rank):
            return None
        padding = "same" if size % 2 or min(x.shape[1:-1]) < 3 else "valid"
        return kind(2 + size, 3, padding=padding, strides=1 + size % 3 // 2, activation=ACTIVATIONS[size % 3])(x)

    return step


def transposed(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.Conv1DTranspose, 4: L.Conv2DTranspose, 5: L.Conv3DTranspose}
    return kinds[len(x.shape)](2 + size, 2, strides=1 + size % 2, padding="same")(x) if len(x.shape) in kinds else None


def grouped(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    groups = [n for n in range(2, x.shape[-1] + 1) if x.shape[-1] % n == 0]
    if not has_rank(x, 3, 4) or not groups:
        return None
    chosen = groups[size % len(groups)]
    kind = L.Conv2D if has_rank(x, 4) else L.Conv1D
    return kind(chosen * (1 + size % 3), 3, groups=chosen, padding="same")(x)


def depthwise(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.DepthwiseConv1D, 4: L.DepthwiseConv2D}
    return kinds[len(x.shape)](3, depth_multiplier=1 + size % 2, padding="same")(x) if len(x.shape) in kinds else None


def separable(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.SeparableConv1D, 4: L.SeparableConv2D}
    if len(x.shape) not in kinds:
        return None
    return kinds[len(x.shape)](2 + size, 3, depth_multiplier=1 + size % 2, padding="same")(x)


def einsum(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if has_rank(x, 2):
        return L.EinsumDense("ab,bcd->acd", (2, 2 + size), bias_axes="cd")(x)
    if has_rank(x, 3):
        equations = ("abc,cd->abd", "abc,bd->adc", "abc,cde->abde", "...c,cd->...d", "abc,bcd->ad", "abc,c->abc")
        equation = equations[size % len(equations)]
        shape = {
            "abc,cd->abd": (x.shape[1], 4), "abc,bd->adc": (3, x.shape[2]), "abc,cde->abde": (x.shape[1], 3, 2),
            "...c,cd->...d": (5,), "abc,bcd->ad": (4,), "abc,c->abc": tuple(x.shape[1:]),
        }[equation]  # fmt: skip
        return L.EinsumDense(equation, shape, bias_axes=equation[-1])(x)
    return (
        L.EinsumDense("abcd,de->abce", (None, *x.shape[2:-1], 2 + size), bias_axes="e")(x) if has_rank(x, 4) else None
    )


def group_norm(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    groups = [n for n in range(1, x.shape[-1] + 1) if x.shape[-1] % n == 0]
    return L.GroupNormalization(groups[size % len(groups)])(x) if has_rank(x, 3, 4) else None


def squeeze_excite(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if not has_rank(x, 4):
        return None
    squeezed = L.GlobalAveragePooling2D()(x)
    gate = L.Dense(x.shape[-1], activation="sigmoid")(L.Dense(2 + size, activation="relu")(squeezed))
    return L.Multiply()([x, L.Reshape((1, 1, x.shape[-1]))(gate)])


def prelu(x: Tensor, _: Tensor, size: int) -> Tensor:
    return L.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) if size % 2 else None)(x)


def nested(x: Tensor, y: Tensor, size: int) -> Tensor | list[Tensor] | None:
    """A model inside the model, used once, or on two tensors."""
    if not has_rank(x, 4):
        return None
    inner_input = keras.Input(x.shape[1:])
    inner = L.Conv2D(2 + size, 3, padding="same")(L.ReLU()(inner_input))
    model = keras.Model(inner_input, L.BatchNormalization()(inner)) if size % 2 else keras.Sequential(
        [keras.Input(x.shape[1:]), L.BatchNormalization(), L.Conv2D(2 + size, 1)]
    )  # fmt: skip
    return [model(x), model(y)] if y is not x and y.shape == x.shape else model(x)


def shared(x: Tensor, y: Tensor, size: int) -> list[Tensor] | None:
    """One layer on two tensors, or twice in a row."""
    if y.shape == x.shape and y is not x:
        layer = L.Dense(2 + size)
        return [layer(x), layer(y)]
    layer = L.Dense(x.shape[-1])
    return [layer(layer(x))]
