"""Networks of other designs than those that thresholds were chosen on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.diagnose.cases.case import L, chain, digits, fitted, with_weights
from tests.diagnose.cases.healthy import with_normalization


def lenet(activation: Any = "tanh", *head: Any, **options: Any) -> keras.Model:
    """LeNet-5 as of 1998, but for its last layer; `head` replaces that."""
    return chain(
        L.Conv2D(6, 5, padding="same", activation=activation, name="c1", **options),
        L.AveragePooling2D(2),
        L.Conv2D(16, 5, activation=activation, name="c3", **options),
        L.AveragePooling2D(2),
        L.Flatten(),
        L.Dense(120, activation=activation, name="c5", **options),
        L.Dense(84, activation=activation, name="f6", **options),
        *(head or (L.Dense(10, activation="softmax", name="out"),)),
    )


def vgg(initializer: Any, depth: int = 6, shape: tuple[int | None, ...] = (28, 28, 1)) -> keras.Model:
    convolutions = [
        L.Conv2D(16, 3, padding="same", activation="relu", kernel_initializer=initializer) for _ in range(depth)
    ]
    return chain(
        *convolutions, L.MaxPooling2D(), L.Dropout(0.3), L.Flatten(), L.Dense(10, activation="softmax"), shape=shape
    )


def gated() -> keras.Model:
    """Squeeze and excitation: a sigmoid in the middle of the network."""
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(16, 3, activation="relu")(inputs)
    gate = L.Dense(16, activation="sigmoid")(L.Dense(4, activation="relu")(L.GlobalAveragePooling2D()(x)))
    x = L.Multiply()([x, L.Reshape((1, 1, 16))(gate)])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.MaxPooling2D(4)(x))))


def transformer() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = L.Reshape((49, 32))(L.Conv2D(32, 4, strides=4)(inputs))
    for _ in range(2):
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.MultiHeadAttention(2, 16)(y, y)])
        y = L.Dense(64, activation="gelu")(L.LayerNormalization()(x))
        x = L.Add()([x, L.Dense(32)(y)])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling1D()(x)))


def shared() -> keras.Model:
    """One convolution used three times."""
    inputs = keras.Input((28, 28, 1))
    x, again = L.Conv2D(8, 3, padding="same", activation="relu")(inputs), L.Conv2D(8, 3, padding="same")
    for _ in range(3):
        x = L.ReLU()(again(x))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.MaxPooling2D(2)(x))))


def stopped() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = keras.ops.stop_gradient(L.Dense(10)(L.Dense(32, activation="relu")(L.Flatten()(inputs))))
    return keras.Model(inputs, L.Softmax()(x))


def lengths() -> keras.Model:
    """The length of eight channels at each place, which has no slope where all of them are zero."""
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(8, 3, use_bias=False)(inputs)
    x = keras.ops.sqrt(keras.ops.sum(keras.ops.square(x), axis=-1, keepdims=True))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(x)))


def recurrent() -> keras.Model:
    return chain(L.Reshape((28, 28)), L.LSTM(32), L.Dense(10, activation="softmax"))


def in_one_dimension() -> keras.Model:
    layers = [L.Conv1D(16, 3, activation="relu"), L.GlobalMaxPooling1D(), L.Dense(10, activation="softmax")]
    return chain(*layers, shape=(28, 28))


def normalized_by_group() -> keras.Model:
    layers = [L.Conv2D(16, 3), L.GroupNormalization(4), L.Activation("silu"), L.Conv2D(16, 3), L.LayerNormalization()]
    return chain(*layers, L.ReLU(), L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def transposed() -> keras.Model:
    layers = [L.Conv2D(16, 3, strides=2, activation="relu"), L.Conv2DTranspose(8, 3, strides=2, activation="relu")]
    return chain(*layers, L.GlobalMaxPooling2D(), L.Dense(10, activation="softmax"))


def sure_of_one_class(model: keras.Model) -> keras.Model:
    return with_weights(model, "out", lambda weights: [weights[0], weights[1] + 30 * np.eye(10)[0]])


def infinite_variance() -> keras.Model:
    model = with_normalization()
    name = next(layer.name for layer in model.layers if isinstance(layer, L.BatchNormalization))
    return with_weights(model, name, lambda weights: [*weights[:3], weights[3] * np.inf])


def penalized_inside() -> keras.Model:
    lstm = L.LSTM(16, kernel_regularizer=keras.regularizers.L2(1.0), recurrent_regularizer=keras.regularizers.L2(1.0))
    return chain(L.Reshape((28, 28)), L.Bidirectional(lstm), L.Dense(10, activation="softmax"))


def body_briefly_trained() -> keras.Model:
    """A body of two normalized layers, whose inputs are far from 0 and 1, inside a model."""
    layers = [L.Rescaling(4.0, 3.0), L.BatchNormalization(name="first"), L.Conv2D(12, 4, strides=2), L.ReLU()]
    body = chain(*layers, L.BatchNormalization(name="second"), L.Flatten())
    return fitted(chain(body, L.Dense(10, activation="softmax")), digits(), epochs=4, learning_rate=5e-3)


def in_halves() -> keras.Model:
    halves = [L.Dense(48, activation="relu", dtype="mixed_float16"), L.Dense(10, dtype="mixed_float16")]
    return chain(L.Flatten(), *halves, L.Softmax(dtype="float32"))


def scaling() -> keras.optimizers.Optimizer:
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, momentum=0.9))


def ends(model: keras.Model) -> tuple[Any, Any]:
    """The input and the logits of a model whose last layer holds the Softmax."""
    model.layers[-1].activation = keras.activations.linear
    return model.input, model.output
