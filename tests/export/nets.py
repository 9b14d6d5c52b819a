"""Small networks for tests of the export, with weights that are not as Keras starts them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import onnxruntime
from numpy.typing import NDArray

import models

L = keras.layers


def randomized(model: keras.Model, seed: int = 0) -> keras.Model:
    """The model with weights that keep activations near one, and BatchNormalization statistics that matter."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if "variance" in variable.name or "gamma" in variable.name:
            values = generator.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:
            values = generator.normal(0, np.prod(shape[:-1]) ** -0.5, shape)
        else:
            values = generator.normal(0, 0.1, shape)
        variable.assign(values.astype(variable.dtype))
    return model


def chain(*layers: keras.layers.Layer, shape: tuple[int, ...] = (12, 12, 3), seed: int = 0) -> keras.Model:
    """A Sequential network with random weights."""
    return randomized(keras.Sequential([keras.Input(shape), *layers]), seed)


def small(filters: int = 8, seed: int = 0, **conv: Any) -> keras.Model:
    """Conv → Flatten → Dense on 12x12x3: the shape in which rows are most easily mixed up."""
    options = {"padding": "same", "activation": "relu", **conv}
    return chain(L.Conv2D(filters, 3, **options), L.Flatten(), L.Dense(5, activation="softmax"), seed=seed)


def strided_same() -> keras.Model:
    return chain(L.Conv2D(8, 3, strides=2, padding="same"), L.ReLU(), L.Conv2D(6, 2), L.Flatten(), L.Dense(4))


def normalized_depthwise() -> keras.Model:
    return chain(
        L.Conv2D(8, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(6.0),
        L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
        L.BatchNormalization(),
        L.LeakyReLU(negative_slope=0.2),
        L.GlobalAveragePooling2D(),
        L.Dense(4, activation="softmax"),
    )


def normalized_after_bias() -> keras.Model:
    return chain(
        L.Rescaling(2.0, offset=-1.0),
        L.Conv2D(8, 3, activation="relu"),
        L.BatchNormalization(),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Activation("tanh"),
        L.Dropout(0.5),
        L.Dense(4),
    )


def plain_tensors() -> keras.Model:
    """A Normalization with given statistics holds plain tensors, not variables."""
    layer = L.Normalization(mean=[0.2, 0.4, 0.6], variance=[0.1, 0.2, 0.3])
    return chain(layer, L.Conv2D(4, 3), L.Flatten(), L.Dense(3))


def squeeze_excite() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(8, 3, activation="relu", padding="same")(inputs)
    gate = L.Dense(8, activation="sigmoid")(L.Dense(4, activation="relu")(L.GlobalAveragePooling2D()(x)))
    x = L.Multiply()([x, L.Reshape((1, 1, 8))(gate)])
    x = L.Concatenate()([x, L.Conv2D(4, 1)(inputs)])
    return randomized(keras.Model(inputs, L.Dense(5)(L.Flatten()(x))))


def two_products() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    flat = L.Flatten()(L.Conv2D(4, 3)(inputs))
    return randomized(keras.Model(inputs, L.Concatenate()([L.Dense(3)(flat), L.Dense(2)(flat)])))


def flat_used_twice() -> keras.Model:
    """The flat values leave as they are too, so the Transpose has to stay."""
    inputs = keras.Input((8, 8, 3))
    flat = L.Flatten()(L.Conv2D(4, 3)(inputs))
    return randomized(keras.Model(inputs, [L.Dense(3, name="head")(flat), L.Activation("relu", name="maps")(flat)]))


NETS: Mapping[str, Callable[[], keras.Model]] = {
    "conv same": small,
    "conv valid": lambda: small(padding="valid"),
    "strided same": strided_same,
    "normalized depthwise": normalized_depthwise,
    "normalized after bias": normalized_after_bias,
    "plain tensors": plain_tensors,
    "squeeze and excite": squeeze_excite,
    "two products": two_products,
    "flat used twice": flat_used_twice,
    "single_conv": lambda: randomized(models.build("single_conv")),
    "deepcaptcha, softmax last": lambda: randomized(
        models.build("deepcaptcha", filters=(4, 6, 8), dense_units=16, n_prediction=2, reshape="before_softmax")
    ),
    "deepcaptcha, reshape last": lambda: randomized(
        models.build("deepcaptcha", filters=(4, 6, 8), dense_units=16, strides=(1, 2, 1), n_prediction=2)
    ),
    "colored": lambda: randomized(models.build("colored", conv_activation="relu", head_activation=None)),
    "eight_class constant": lambda: randomized(
        models.build("eight_class", design="constant", filters=4, input_shape=(104, 104, 3))
    ),
    "eight_class funnel": lambda: randomized(models.build("eight_class", design="funnel", input_shape=(24, 24, 3))),
}


def examples(model: keras.Model, count: int = 40, seed: int = 1) -> list[NDArray[np.float32]]:
    """Uniform numbers, (count, ...) for each input."""
    generator = np.random.default_rng(seed)
    return [generator.random((count, *tensor.shape[1:]), dtype=np.float32) for tensor in model.inputs]


def run(path: Path, *arrays: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The file's outputs on the CPU."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    outputs: list[NDArray[np.float32]] = session.run(None, dict(zip(names, arrays, strict=True)))
    return outputs
