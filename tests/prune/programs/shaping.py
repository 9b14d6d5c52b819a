"""Steps that move elements, or change how many there are."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from tests.prune.programs.tensors import Tensor, has_rank

L = keras.layers


def reshape(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    flat = 1
    for length in x.shape[1:]:
        flat *= length
    parts = [n for n in range(1, flat + 1) if flat % n == 0]
    n = parts[size * 3 % len(parts)]
    targets = [(n, flat // n), (flat // n, -1), (*x.shape[1:-1], -1, 1)]
    if size < 3:
        return L.Reshape(targets[size])(x)
    return ops.reshape(x, (-1, n, flat // n))


def shuffle(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    """Channel shuffle, as in ShuffleNet."""
    if not has_rank(x, 4) or x.shape[-1] % 2:
        return None
    h, w, c = x.shape[1:]
    split = ops.reshape(x, (-1, h, w, 2, c // 2)) if size % 2 else L.Reshape((h, w, 2, c // 2))(x)
    turned = ops.transpose(split, (0, 1, 2, 4, 3)) if size % 2 else L.Permute((1, 2, 4, 3))(split)
    return L.Reshape((h, w, c))(turned)


def permute(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    dims = list(range(1, len(x.shape)))
    dims = dims[size % len(dims) :] + dims[: size % len(dims)]
    return L.Permute(dims)(x) if size % 2 else ops.transpose(x, (0, *dims))


def crop(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if has_rank(x, 4) and min(x.shape[1:3]) > 3:
        return L.Cropping2D(((1, size % 2), (0, 1)))(x)
    return L.Cropping1D((1, 0))(x) if has_rank(x, 3) and x.shape[1] > 2 else None


def pad(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if has_rank(x, 4):
        return L.ZeroPadding2D(((1, 0), (size % 2, 1)))(x)
    if has_rank(x, 3):
        return L.ZeroPadding1D((1, size % 2))(x)
    return L.ZeroPadding3D(1)(x) if has_rank(x, 5) else None


def raw_pad(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    return ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(size % 2, 1)])


def enlarge(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if has_rank(x, 4):
        return (
            L.UpSampling2D(2, interpolation="bilinear" if size % 2 else "nearest")(x)
            if size % 3
            else L.Resizing(5, 7)(x)
        )
    return L.UpSampling1D(2)(x) if has_rank(x, 3) else None


def pool(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: (L.MaxPooling1D, L.AveragePooling1D), 4: (L.MaxPooling2D, L.AveragePooling2D)}
    return kinds[len(x.shape)][size % 2](2, padding="same")(x) if len(x.shape) in kinds else None


def global_pool(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: (L.GlobalMaxPooling1D, L.GlobalAveragePooling1D), 4: (L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)}
    return kinds[len(x.shape)][size % 2](keepdims=size % 3 == 0)(x) if len(x.shape) in kinds else None


def sliced(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if x.shape[-1] < 4:
        return None
    return x[..., 1 : 2 + size % 3] if size % 2 else [x[..., :2], x[..., 2:]]


def split(x: Tensor, _: Tensor, size: int) -> list[Tensor] | None:
    axis = -1 if size % 2 else 1
    if x.shape[axis] % 2 == 0:
        return list(ops.split(x, 2, axis=axis))
    return list(ops.split(x, [1], axis=axis)) if x.shape[axis] > 1 else None


def rearrange(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds: list[Callable[[], Tensor]] = [
        lambda: ops.flip(x, axis=-1),
        lambda: ops.repeat(x, 2, axis=-1),
        lambda: ops.tile(x, (1,) * (len(x.shape) - 1) + (2,)),
        lambda: ops.expand_dims(x, axis=1),
        lambda: ops.squeeze(ops.expand_dims(x, axis=2), axis=2),
        lambda: ops.roll(x, 1, axis=1),
        lambda: ops.stack([x, x + 1.0], axis=1),
        lambda: ops.swapaxes(x, 1, len(x.shape) - 1),
    ]
    return kinds[size % len(kinds)]()
