"""Networks whose weights were changed, by hand or by a training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

import models
from tests.diagnose.cases.case import SPARSE, Asked, L, ask, chain, digits, fitted, with_weights
from tests.diagnose.cases.given import binary
from tests.diagnose.cases.networks import single


def times(model: keras.Model, factor: float) -> keras.Model:
    """All kernels multiplied."""
    model.set_weights([weight * factor if weight.ndim > 1 else weight for weight in model.get_weights()])
    return model


def filled(model: keras.Model, value: float) -> keras.Model:
    """Every weight is the same."""
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    return model


def shifted_bias(model: keras.Model, layer: str, amount: float) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0], weights[1] + amount])


def scaled_layer(model: keras.Model, layer: str, factor: float) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * factor, weights[1]])


def broken_weights(model: keras.Model, layer: str) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * np.nan, weights[1]])


def one_answer(model: keras.Model, layer: str = "dense_1") -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * 0.01, weights[1] + 9 * np.eye(10)[4]])


def dead_output() -> keras.Model:
    return shifted_bias(chain(L.Flatten(), L.Dense(10, activation="relu", name="out")), "out", -50)


def frozen(model: keras.Model) -> keras.Model:
    model.trainable = False
    return model


def first_rows(filters: int, removed: int) -> keras.Model:
    """The thread's way of removing filters: the kernel after Flatten keeps its first rows."""
    return cut(filters, removed, lambda kernel, rows: kernel[:rows])


def cut(filters: int, removed: int, rows: Any) -> keras.Model:
    whole = fitted(single(filters=filters), digits(limit=1500), epochs=3)
    conv, dense = whole.get_layer("conv_1").get_weights(), whole.get_layer("dense_1").get_weights()
    kept = filters - removed
    pruned = single(filters=kept)
    pruned.get_layer("conv_1").set_weights([conv[0][..., :kept], conv[1][:kept]])
    pruned.get_layer("dense_1").set_weights([rows(dense[0], 26 * 26 * kept), dense[1]])
    return pruned


def channels_first(kernel: Any, rows: int) -> Any:
    return kernel.reshape(26, 26, -1, 10).transpose(2, 0, 1, 3).reshape(rows, 10)


def killed(model: keras.Model) -> keras.Model:
    """One epoch at a learning rate a thousand times too high."""
    model = fitted(model, digits(), epochs=1, learning_rate=1.0)
    return shifted_bias(model, "dense_1", -1e4)


def always_one() -> keras.Model:
    """One sigmoid output after an epoch, whose kernel is small and whose bias is high."""
    model = chain(L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(1, activation="sigmoid", name="lamp"))
    model.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    model.fit(digits().train_images, binary(digits().train_labels), epochs=1, verbose=0)
    return with_weights(model, "lamp", lambda weights: [weights[0] * 0.05, weights[1] + 4])


def normalized_briefly(momentum: float = 0.99) -> keras.Model:
    """40 steps, after which it knows the digits, and its moving averages little of what goes into the layer."""
    convolution = L.Conv2D(8, 5, strides=2, bias_initializer=keras.initializers.Constant(2.0))
    layers = [convolution, L.BatchNormalization(momentum=momentum, name="norm"), L.ReLU(), L.Flatten()]
    return fitted(chain(*layers, L.Dense(10, activation="softmax")), digits(), epochs=4, learning_rate=5e-3)


def frozen_normalization() -> Asked:
    """Statistics of pixels from 0 to 1, frozen, and pixels from 0 to 255 with a new last layer."""
    base = normalized_briefly(momentum=0.5)
    base.trainable = False
    return ask(chain(*base.layers[:-1], L.Dense(10, activation="softmax")), digits("raw"))


def impatient(**options: Any) -> Asked:
    """The constant-256 study's reduced network after its six epochs, with what `fit` returned."""
    data = digits(side=48, limit=525)
    model = models.build("eight_class", input_shape=[48, 48, 1], n_class=10, filters=[16] * 4)
    model.compile(optimizer="adam", loss=SPARSE, metrics=["accuracy"], jit_compile=False)
    history = model.fit(data.train_images, data.train_labels, batch_size=32, epochs=6, verbose=0)
    return ask(model, data, history=history, **options)
