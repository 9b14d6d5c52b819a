"""All steps, by their name. Each takes two tensors and a size from 0 to 7, and gives a tensor, several, or None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tests.prune.programs import making, merging, shaping
from tests.prune.programs.tensors import ACTIVATIONS, Tensor, has_rank

L = keras.layers


class Unruled(L.Layer):
    """A layer without a rule; it mixes its channels."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs + ops.mean(inputs, axis=-1, keepdims=True)


STEPS: dict[str, Callable[[Tensor, Tensor, int], Any]] = {
    "conv1d": making.conv(3),
    "conv2d": making.conv(4),
    "conv3d": making.conv(5),
    "transposed": making.transposed,
    "grouped": making.grouped,
    "depthwise": making.depthwise,
    "separable": making.separable,
    "dense": lambda x, _, n: L.Dense(2 + n, activation=ACTIVATIONS[n % len(ACTIVATIONS)])(x),
    "einsum_dense": making.einsum,
    "batch_norm": lambda x, _, n: L.BatchNormalization(axis=1 if n == 0 else -1)(x),
    "group_norm": making.group_norm,
    "layer_norm": lambda x, _, n: L.LayerNormalization(axis=1 if n % 2 and len(x.shape) > 2 else -1)(x),
    "rms_norm": lambda x, _, n: (L.RMSNormalization() if n % 2 else L.UnitNormalization())(x),
    "activation": lambda x, _, n: L.Activation(ACTIVATIONS[n % len(ACTIVATIONS)])(x),
    "prelu": making.prelu,
    "softmax": lambda x, _, n: L.Softmax(axis=1 if n % 2 else -1)(x),
    "pool": shaping.pool,
    "global_pool": shaping.global_pool,
    "flatten": lambda x, _, n: L.Flatten(data_format="channels_first" if n == 0 else None)(x),
    "reshape": shaping.reshape,
    "shuffle": shaping.shuffle,
    "permute": shaping.permute,
    "repeat_vector": lambda x, _, n: L.RepeatVector(2 + n % 2)(x) if has_rank(x, 2) else None,
    "crop": shaping.crop,
    "pad": shaping.pad,
    "raw_pad": shaping.raw_pad,
    "enlarge": shaping.enlarge,
    "concatenate": merging.concatenate,
    "add": merging.merging(L.Add),
    "subtract": merging.merging(L.Subtract),
    "multiply": merging.merging(L.Multiply),
    "average": merging.merging(L.Average),
    "maximum": merging.merging(L.Maximum),
    "squeeze_excite": making.squeeze_excite,
    "attention_map": merging.attention_map,
    "dot": merging.dot,
    "dropout": lambda x, _, n: (L.Dropout, L.GaussianNoise, L.AlphaDropout, L.GaussianDropout)[n % 4](0.3)(x),
    "rescale": lambda x, _, n: L.Rescaling([0.5 + k for k in range(x.shape[-1])] if n % 2 else 2.0, 1.0)(x),
    "normalization": lambda x, _, n: L.Normalization(mean=[0.1] * x.shape[-1], variance=[2.0] * x.shape[-1])(x),
    "binary": merging.binary,
    "reduce": merging.reduce,
    "matmul": merging.matmul,
    "rearrange": shaping.rearrange,
    "slice": shaping.sliced,
    "split": shaping.split,
    "nested": making.nested,
    "shared": making.shared,
    "unruled": lambda x, _, n: Unruled()(x),
}
TWO = {
    "concatenate", "add", "subtract", "multiply", "average", "maximum", "dot", "binary", "matmul", "nested", "shared",
}  # fmt: skip
