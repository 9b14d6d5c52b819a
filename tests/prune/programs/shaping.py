"""Random networks: a program is a list of steps, each of which adds layers to tensors that are there already.

Steps that don't fit their tensors do nothing, so that every program is a network, and a failing one shrinks well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

L = keras.layers
Step = tuple[str, int, int, int]
Tensor = Any
MAX_ELEMENTS = 6000
ACTIVATIONS = ("relu", "tanh", "silu", "gelu", "softmax", "sigmoid", "elu", "linear", "leaky_relu", "hard_silu")


class Unruled(L.Layer):
    """A layer without a rule; it mixes its channels."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs + ops.mean(inputs, axis=-1, keepdims=True)


def build(program: Sequence[Step]) -> keras.Model:
    """The network of a program: two inputs, and an output that depends on every tensor made."""
    image, vector = keras.Input((8, 6, 3), name="image"), keras.Input((5,), name="vector")
    first = L.Conv2D(6, 3, padding="same", name="stem")(image)
    tensors = [L.Dense(6, name="vector_stem")(vector), first]
    used: set[int] = set()
    for number, (kind, a, b, size) in enumerate(program):
        x, y = tensors[-1 - a % min(len(tensors), 4)], tensors[-1 - b % min(len(tensors), 4)]
        keras.utils.set_random_seed(number)
        made = STEPS[kind](x, y, size)
        for each in [] if made is None else made if isinstance(made, list) else [made]:
            if _fits(each):
                tensors.append(each)
                used |= {id(x), id(y)} if kind in TWO else {id(x)}
    ends = [tensor for tensor in tensors if id(tensor) not in used] or tensors[-1:]
    flat = [tensor if len(tensor.shape) == 2 else L.Flatten()(tensor) for tensor in ends]
    joined = L.Concatenate()(flat) if len(flat) > 1 else flat[0]
    outputs = [L.Dense(4, activation="softmax", name="classes")(joined)]
    if len(program) % 3 == 0:
        outputs.append(L.Dense(2, name="aside")(flat[0]))
    return keras.Model([image, vector], outputs)


def _fits(x: Tensor) -> bool:
    count = 1
    for size in x.shape[1:]:
        count *= size or 0
    return 0 < count <= MAX_ELEMENTS and 2 <= len(x.shape) <= 5


def _rank(x: Tensor, *ranks: int) -> bool:
    return len(x.shape) in ranks


def _conv(rank: int) -> Callable[[Tensor, Tensor, int], Tensor | None]:
    kind = {3: L.Conv1D, 4: L.Conv2D, 5: L.Conv3D}[rank]

    def step(x: Tensor, _: Tensor, size: int) -> Tensor | None:
        if not _rank(x, rank):
            return None
        padding = "same" if size % 2 or min(x.shape[1:-1]) < 3 else "valid"
        return kind(2 + size, 3, padding=padding, strides=1 + size % 3 // 2, activation=ACTIVATIONS[size % 3])(x)

    return step


def _transposed(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.Conv1DTranspose, 4: L.Conv2DTranspose, 5: L.Conv3DTranspose}
    return kinds[len(x.shape)](2 + size, 2, strides=1 + size % 2, padding="same")(x) if len(x.shape) in kinds else None


def _grouped(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    groups = [n for n in range(2, x.shape[-1] + 1) if x.shape[-1] % n == 0]
    if not _rank(x, 3, 4) or not groups:
        return None
    chosen = groups[size % len(groups)]
    kind = L.Conv2D if _rank(x, 4) else L.Conv1D
    return kind(chosen * (1 + size % 3), 3, groups=chosen, padding="same")(x)


def _depthwise(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.DepthwiseConv1D, 4: L.DepthwiseConv2D}
    return kinds[len(x.shape)](3, depth_multiplier=1 + size % 2, padding="same")(x) if len(x.shape) in kinds else None


def _separable(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: L.SeparableConv1D, 4: L.SeparableConv2D}
    if len(x.shape) not in kinds:
        return None
    return kinds[len(x.shape)](2 + size, 3, depth_multiplier=1 + size % 2, padding="same")(x)


def _einsum(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if _rank(x, 2):
        return L.EinsumDense("ab,bcd->acd", (2, 2 + size), bias_axes="cd")(x)
    if _rank(x, 3):
        equations = ("abc,cd->abd", "abc,bd->adc", "abc,cde->abde", "...c,cd->...d", "abc,bcd->ad", "abc,c->abc")
        equation = equations[size % len(equations)]
        shape = {
            "abc,cd->abd": (x.shape[1], 4), "abc,bd->adc": (3, x.shape[2]), "abc,cde->abde": (x.shape[1], 3, 2),
            "...c,cd->...d": (5,), "abc,bcd->ad": (4,), "abc,c->abc": tuple(x.shape[1:]),
        }[equation]  # fmt: skip
        return L.EinsumDense(equation, shape, bias_axes=equation[-1])(x)
    return L.EinsumDense("abcd,de->abce", (None, *x.shape[2:-1], 2 + size), bias_axes="e")(x) if _rank(x, 4) else None


def _group_norm(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    groups = [n for n in range(1, x.shape[-1] + 1) if x.shape[-1] % n == 0]
    return L.GroupNormalization(groups[size % len(groups)])(x) if _rank(x, 3, 4) else None


def _squeeze_excite(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if not _rank(x, 4):
        return None
    squeezed = L.GlobalAveragePooling2D()(x)
    gate = L.Dense(x.shape[-1], activation="sigmoid")(L.Dense(2 + size, activation="relu")(squeezed))
    return L.Multiply()([x, L.Reshape((1, 1, x.shape[-1]))(gate)])


def _fitted(x: Tensor, y: Tensor) -> Tensor | None:
    """`y` in the shape of `x`, through a projection where only the channels differ."""
    if x.shape == y.shape:
        return y
    if len(x.shape) == len(y.shape) and x.shape[:-1] == y.shape[:-1]:
        return L.Dense(x.shape[-1])(y)
    return None


def _merging(kind: type) -> Callable[[Tensor, Tensor, int], Tensor | None]:
    def step(x: Tensor, y: Tensor, _: int) -> Tensor | None:
        other = _fitted(x, y) if x is not y else L.Dense(x.shape[-1])(x)
        return None if other is None else kind()([x, other])

    return step


def _concatenate(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    axis = 1 + size % (len(x.shape) - 1)
    same = len(x.shape) == len(y.shape) and all(
        p == q for k, (p, q) in enumerate(zip(x.shape, y.shape, strict=True)) if k != axis
    )
    if not same:
        other = _fitted(x, y)
        return None if other is None else L.Concatenate(axis)([x, other])
    return L.Concatenate(axis)([x, y]) if size % 2 else ops.concatenate([x, y, x], axis)


def _attention_map(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    """A map with one channel, or the mean over channels, scales all of them."""
    if not _rank(x, 4):
        return None
    gate = L.Conv2D(1, 3, padding="same", activation="sigmoid")(x) if size % 2 else ops.mean(x, -1, keepdims=True)
    return L.Multiply()([x, gate])


def _dot(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    if not _rank(x, 3) or not _rank(y, 3):
        return None
    axes = [(i, j) for i in (1, 2) for j in (1, 2) if x.shape[i] == y.shape[j]]
    return L.Dot(axes[size % len(axes)], normalize=size % 2 == 0)([x, y]) if axes else None


def _reshape(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    flat = 1
    for length in x.shape[1:]:
        flat *= length
    parts = [n for n in range(1, flat + 1) if flat % n == 0]
    n = parts[size * 3 % len(parts)]
    targets = [(n, flat // n), (flat // n, -1), (*x.shape[1:-1], -1, 1)]
    if size < 3:
        return L.Reshape(targets[size])(x)
    return ops.reshape(x, (-1, n, flat // n))


def _shuffle(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    """Channel shuffle, as in ShuffleNet."""
    if not _rank(x, 4) or x.shape[-1] % 2:
        return None
    h, w, c = x.shape[1:]
    split = ops.reshape(x, (-1, h, w, 2, c // 2)) if size % 2 else L.Reshape((h, w, 2, c // 2))(x)
    turned = ops.transpose(split, (0, 1, 2, 4, 3)) if size % 2 else L.Permute((1, 2, 4, 3))(split)
    return L.Reshape((h, w, c))(turned)


def _permute(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    dims = list(range(1, len(x.shape)))
    dims = dims[size % len(dims) :] + dims[: size % len(dims)]
    return L.Permute(dims)(x) if size % 2 else ops.transpose(x, (0, *dims))


def _crop(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if _rank(x, 4) and min(x.shape[1:3]) > 3:
        return L.Cropping2D(((1, size % 2), (0, 1)))(x)
    return L.Cropping1D((1, 0))(x) if _rank(x, 3) and x.shape[1] > 2 else None


def _pad(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if _rank(x, 4):
        return L.ZeroPadding2D(((1, 0), (size % 2, 1)))(x)
    if _rank(x, 3):
        return L.ZeroPadding1D((1, size % 2))(x)
    return L.ZeroPadding3D(1)(x) if _rank(x, 5) else None


def _raw_pad(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    return ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(size % 2, 1)])


def _enlarge(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if _rank(x, 4):
        return (
            L.UpSampling2D(2, interpolation="bilinear" if size % 2 else "nearest")(x)
            if size % 3
            else L.Resizing(5, 7)(x)
        )
    return L.UpSampling1D(2)(x) if _rank(x, 3) else None


def _pool(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: (L.MaxPooling1D, L.AveragePooling1D), 4: (L.MaxPooling2D, L.AveragePooling2D)}
    return kinds[len(x.shape)][size % 2](2, padding="same")(x) if len(x.shape) in kinds else None


def _global_pool(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    kinds = {3: (L.GlobalMaxPooling1D, L.GlobalAveragePooling1D), 4: (L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)}
    return kinds[len(x.shape)][size % 2](keepdims=size % 3 == 0)(x) if len(x.shape) in kinds else None


def _prelu(x: Tensor, _: Tensor, size: int) -> Tensor:
    return L.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) if size % 2 else None)(x)


def _slice(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    if x.shape[-1] < 4:
        return None
    return x[..., 1 : 2 + size % 3] if size % 2 else [x[..., :2], x[..., 2:]]


def _split(x: Tensor, _: Tensor, size: int) -> list[Tensor] | None:
    axis = -1 if size % 2 else 1
    if x.shape[axis] % 2 == 0:
        return list(ops.split(x, 2, axis=axis))
    return list(ops.split(x, [1], axis=axis)) if x.shape[axis] > 1 else None


def _binary(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    other = _fitted(x, y) if x is not y else None
    if other is None:
        return x * 0.5 + 1.0
    return (x + other, x - other, x * other, ops.maximum(x, other), ops.where(x > 0.0, x, other), 2.0 * x)[size % 6]


def _reduce(x: Tensor, _: Tensor, size: int) -> Tensor | None:
    axis = 1 + size % (len(x.shape) - 1)
    if _rank(x, 2):
        return None
    return (ops.mean, ops.sum, ops.max)[size % 3](x, axis=axis, keepdims=size % 2 == 0)


def _matmul(x: Tensor, y: Tensor, size: int) -> Tensor | None:
    if not _rank(x, 3) or not _rank(y, 3):
        return None
    if x.shape[2] == y.shape[1]:
        return ops.matmul(x, y)
    return ops.einsum("abc,adc->abd", x, y) if x.shape[2] == y.shape[2] else None


def _rearrange(x: Tensor, _: Tensor, size: int) -> Tensor | None:
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


def _nested(x: Tensor, y: Tensor, size: int) -> Tensor | list[Tensor] | None:
    """A model inside the model, used once, or on two tensors."""
    if not _rank(x, 4):
        return None
    inner_input = keras.Input(x.shape[1:])
    inner = L.Conv2D(2 + size, 3, padding="same")(L.ReLU()(inner_input))
    model = keras.Model(inner_input, L.BatchNormalization()(inner)) if size % 2 else keras.Sequential(
        [keras.Input(x.shape[1:]), L.BatchNormalization(), L.Conv2D(2 + size, 1)]
    )  # fmt: skip
    return [model(x), model(y)] if y is not x and y.shape == x.shape else model(x)


def _shared(x: Tensor, y: Tensor, size: int) -> list[Tensor] | None:
    """One layer on two tensors, or twice in a row."""
    if y.shape == x.shape and y is not x:
        layer = L.Dense(2 + size)
        return [layer(x), layer(y)]
    layer = L.Dense(x.shape[-1])
    return [layer(layer(x))]


def _constant_size(kind: Callable[..., Any], *ranks: int) -> Callable[[Tensor, Tensor, int], Tensor | None]:
    return lambda x, _, size: kind(x, size) if not ranks or _rank(x, *ranks) else None


STEPS: dict[str, Callable[[Tensor, Tensor, int], Any]] = {
    "conv1d": _conv(3),
    "conv2d": _conv(4),
    "conv3d": _conv(5),
    "transposed": _transposed,
    "grouped": _grouped,
    "depthwise": _depthwise,
    "separable": _separable,
    "dense": lambda x, _, n: L.Dense(2 + n, activation=ACTIVATIONS[n % len(ACTIVATIONS)])(x),
    "einsum_dense": _einsum,
    "batch_norm": lambda x, _, n: L.BatchNormalization(axis=1 if n == 0 else -1)(x),
    "group_norm": _group_norm,
    "layer_norm": lambda x, _, n: L.LayerNormalization(axis=1 if n % 2 and len(x.shape) > 2 else -1)(x),
    "rms_norm": lambda x, _, n: (L.RMSNormalization() if n % 2 else L.UnitNormalization())(x),
    "activation": lambda x, _, n: L.Activation(ACTIVATIONS[n % len(ACTIVATIONS)])(x),
    "prelu": _prelu,
    "softmax": lambda x, _, n: L.Softmax(axis=1 if n % 2 else -1)(x),
    "pool": _pool,
    "global_pool": _global_pool,
    "flatten": lambda x, _, n: L.Flatten(data_format="channels_first" if n == 0 else None)(x),
    "reshape": _reshape,
    "shuffle": _shuffle,
    "permute": _permute,
    "repeat_vector": _constant_size(lambda x, n: L.RepeatVector(2 + n % 2)(x), 2),
    "crop": _crop,
    "pad": _pad,
    "raw_pad": _raw_pad,
    "enlarge": _enlarge,
    "concatenate": _concatenate,
    "add": _merging(L.Add),
    "subtract": _merging(L.Subtract),
    "multiply": _merging(L.Multiply),
    "average": _merging(L.Average),
    "maximum": _merging(L.Maximum),
    "squeeze_excite": _squeeze_excite,
    "attention_map": _attention_map,
    "dot": _dot,
    "dropout": lambda x, _, n: (L.Dropout, L.GaussianNoise, L.AlphaDropout, L.GaussianDropout)[n % 4](0.3)(x),
    "rescale": lambda x, _, n: L.Rescaling([0.5 + k for k in range(x.shape[-1])] if n % 2 else 2.0, 1.0)(x),
    "normalization": lambda x, _, n: L.Normalization(mean=[0.1] * x.shape[-1], variance=[2.0] * x.shape[-1])(x),
    "binary": _binary,
    "reduce": _reduce,
    "matmul": _matmul,
    "rearrange": _rearrange,
    "slice": _slice,
    "split": _split,
    "nested": _nested,
    "shared": _shared,
    "unruled": lambda x, _, n: Unruled()(x),
}
TWO = {
    "concatenate", "add", "subtract", "multiply", "average", "maximum", "dot", "binary", "matmul", "nested", "shared",
}  # fmt: skip
