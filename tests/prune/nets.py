"""Small networks that the tests prune."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

L = keras.layers


def chain() -> keras.Model:
    """Every layer of a plain CNN, in a row."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            L.Conv2D(8, 3, padding="same", use_bias=False, name="conv_a"),
            L.BatchNormalization(name="bn"),
            L.ReLU(),
            L.MaxPooling2D(2),
            L.Conv2D(6, 3, activation="relu", name="conv_b"),
            L.Dropout(0.5),
            L.AveragePooling2D(2),
            L.Flatten(),
            L.Reshape((4, 6)),
            L.Flatten(),
            L.Dense(10, activation="tanh", name="hidden"),
            L.Dense(5, activation="softmax", name="out"),
        ]
    )


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same model with random weights and statistics, none of them alike."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" not in weight.path:
            value = generator.normal(0.0, 0.4, weight.shape)
            weight.assign(np.abs(value) + 0.5 if "variance" in weight.path or "gamma" in weight.path else value)
    return model


def array(weight: Any) -> Any:
    """A copy of the value of a weight or a tensor."""
    return np.array(keras.ops.convert_to_numpy(weight))


def snapshot(model: keras.Model) -> list[Any]:
    """Copies of all weights."""
    return [array(weight) for weight in model.weights]


def residual() -> keras.Model:
    """A stem and a branch that are added, so that both compute the same channels."""
    image = keras.Input((8, 8, 3))
    stem = L.BatchNormalization(name="stem_bn")(L.Conv2D(8, 3, padding="same", name="stem")(image))
    branch = L.Conv2D(8, 3, padding="same", name="branch")(L.ReLU()(stem))
    total = L.ReLU()(L.Add(name="add")([stem, L.BatchNormalization(name="branch_bn")(branch)]))
    deep = L.Conv2D(10, 3, activation="relu", name="deep")(total)
    outputs = L.Dense(4, activation="softmax")(L.Dense(12, activation="relu", name="hidden")(L.Flatten()(deep)))
    return keras.Model(image, outputs)


def dense_blocks() -> keras.Model:
    """Concatenated branches, of different widths, as in DenseNet and Inception."""
    image = keras.Input((8, 8, 3))
    a = L.Conv2D(4, 3, padding="same", activation="relu", name="a")(image)
    b = L.Conv2D(6, 3, padding="same", activation="relu", name="b")(a)
    both = L.Concatenate(name="concat")([a, b])
    c = L.Conv2D(5, 3, name="c")(L.BatchNormalization(name="bn")(both))
    return keras.Model(image, L.Dense(3)(L.Flatten()(c)))


def squeeze_excite() -> keras.Model:
    """A gate that a Reshape brings to the shape of what it gates."""
    image = keras.Input((8, 8, 3))
    wide = L.Conv2D(8, 3, name="wide")(image)
    squeezed = L.Dense(4, activation="relu", name="squeeze")(L.GlobalAveragePooling2D()(wide))
    gate = L.Dense(8, activation="sigmoid", name="excite")(squeezed)
    gated = L.Multiply()([wide, L.Reshape((1, 1, 8), name="reshape")(gate)])
    return keras.Model(image, L.Dense(3, name="out")(L.Flatten()(gated)))


def grouped(channels: int = 8, groups: int = 2) -> keras.Model:
    """A grouped convolution between two plain ones."""
    image = keras.Input((8, 8, 3))
    x = L.Conv2D(channels, 3, activation="relu", name="before")(image)
    x = L.Conv2D(12, 3, groups=groups, activation="relu", name="grouped")(x)
    return keras.Model(image, L.Dense(3)(L.GlobalAveragePooling2D()(L.Conv2D(6, 1, name="after")(x))))


def with_lambda() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6, 6, 3)), L.Conv2D(4, 3), L.Lambda(lambda x: 2 * x), L.Conv2D(4, 3), L.Flatten(), L.Dense(2)]
    )


def with_nan() -> keras.Model:
    model = chain()
    model.get_layer("hidden").bias.assign(np.full(10, np.nan))
    return model
