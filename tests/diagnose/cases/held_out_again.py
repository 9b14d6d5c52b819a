"""A second held-out set: written down before the checks of its kinds were, and no check was changed for it since.

Faults of the kinds that came with scaled twice, dropout, a Softmax within, equal weights, equal images and large
initial weights, and healthy networks that come near each of them.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.diagnose.cases.case import Asked, Case, L, ask, chain, digits, fitted
from tests.diagnose.cases.given import changed, color, stuck_history
from tests.diagnose.cases.held_out.networks import lenet

I = keras.initializers  # noqa: E741 - as L for layers


def mobile(*first: Any, channels: int = 3, **options: Any) -> keras.Model:
    """Strided and depthwise convolutions behind `first`, as small networks for photographs have them."""
    layers: list[Any] = [L.Conv2D(12, 3, strides=2, activation="relu", name="stem", **options)]
    for width in (16, 24):
        layers += [L.DepthwiseConv2D(3, padding="same", activation="relu"), L.Conv2D(width, 1, activation="relu")]
    head = [L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax")]
    return chain(*first, *layers, L.MaxPooling2D(), *head, shape=(28, 28, channels))


def gru(**options: Any) -> keras.Model:
    return chain(L.Reshape((28, 28)), L.GRU(24, **options), L.Dense(10, activation="softmax"))


def divided() -> keras.Model:
    """A network that divides by 255 with an operation, not a layer."""
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(8, 5, strides=2, activation="elu")(inputs / 255.0)
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(x)))


def adapted_to_raw() -> keras.Model:
    normalization = L.Normalization(axis=None)
    normalization.adapt(digits("raw").train_images)
    return chain(normalization, L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(10, activation="softmax"))


def wide(*between: Any, width: int = 512) -> keras.Model:
    return chain(L.Flatten(), L.Dense(width, activation="relu"), *between, L.Dense(10, activation="softmax"))


def attending() -> keras.Model:
    """Weights of the 28 rows by a Softmax, and their weighted sum: attention by hand."""
    inputs = keras.Input((28, 28, 1))
    rows = L.Dense(32, activation="relu")(L.Reshape((28, 28))(inputs))
    weights = L.Softmax(axis=1)(L.Dense(1)(rows))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.Multiply()([rows, weights]))))


def experts() -> keras.Model:
    """Four experts, weighed by a Softmax."""
    inputs = keras.Input((28, 28, 1))
    x = L.Flatten()(inputs)
    gates = L.Dense(4, activation="softmax", name="gates")(x)
    joined = L.Concatenate()([L.Dense(24, activation="relu")(x) for _ in range(4)])
    mixed = L.Multiply()([L.Reshape((4, 24))(joined), L.Reshape((4, 1))(gates)])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(mixed)))


def zero_gammas() -> keras.Model:
    """Residual branches that begin at nothing, as ResNets are often trained."""
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(12, 3, padding="same", activation="relu")(inputs)
    for _ in range(2):
        y = L.ReLU()(L.BatchNormalization()(L.Conv2D(12, 3, padding="same")(x)))
        y = L.BatchNormalization(gamma_initializer="zeros")(L.Conv2D(12, 3, padding="same")(y))
        x = L.ReLU()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.MaxPooling2D(4)(x))))


def one_picture(images: Any) -> Any:
    """The loader filled every place with the first image."""
    return np.repeat(images[:1], len(images), axis=0)


def twice(values: Any) -> Any:
    """Every example stands there twice."""
    return np.concatenate([values, values])


def with_gap(labels: Any) -> Any:
    return labels + (labels >= 5)


def imbalanced() -> Asked:
    """Nine in ten are of one class."""
    data = digits(limit=1500)
    ones = np.flatnonzero(data.train_labels == 1)[:12]
    others = np.flatnonzero(data.train_labels != 1)[:120]
    chosen = np.concatenate([ones, others])
    model = chain(L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(1, activation="sigmoid"))
    labels = (data.train_labels[chosen] == 1).astype(int)
    return Asked(model, data.train_images[chosen], labels, {"loss": "binary_crossentropy"})


PLANTED: tuple[Case, ...] = (
    Case(
        "mobile, scaled to -1 and 1 twice", lambda: ask(mobile(L.Rescaling(1 / 127.5, -1)), color()), "inputs-unscaled"
    ),
    Case(
        "mobile, -1 to 1 into Rescaling",
        lambda: changed(color(), images=lambda x: 2 * x - 1)(mobile(L.Rescaling(1 / 255))),
        "inputs-unscaled",
    ),
    Case("divided by an operation, 0 to 1", lambda: ask(divided()), "inputs-unscaled"),
    Case("adapted to 0 to 255, given 0 to 1", lambda: ask(adapted_to_raw()), "inputs-unscaled"),
    Case(
        "a Normalization never adapted",
        lambda: ask(chain(L.Normalization(), *lenet().layers), digits("raw")),
        "inputs-unscaled",
    ),
    Case(
        "LeNet, 0 to 255, a history at chance",
        lambda: ask(lenet("relu"), digits("raw"), history=stuck_history()),
        "inputs-unscaled",
    ),
    Case("LeNet, SpatialDropout of 0.98", lambda: ask(spatially_dropped()), "dropout-high"),
    Case("wide, Dropout of 0.999", lambda: ask(wide(L.Dropout(0.999))), "dropout-high"),
    Case("GRU, GaussianDropout of 0.9995", lambda: ask(noisy_gru()), "dropout-high"),
    Case("LeNet of Softmaxes", lambda: ask(lenet("softmax")), "softmax-within"),
    Case(
        "a Softmax layer between Dense layers",
        lambda: ask(chain(L.Flatten(), L.Dense(128), L.BatchNormalization(), L.Softmax(), L.Dense(10, "softmax"))),
        "softmax-within",
    ),
    Case("LeNet of equal weights", lambda: ask(all_equal(lenet("tanh"), 0.01)), "equal-units"),
    Case("mobile of zeros", lambda: ask(all_equal(mobile(), 0.0), color()), "equal-units"),
    Case("GRU of zeros", lambda: ask(all_equal(gru(), 0.0)), "equal-units"),
    Case("LeNet, one picture everywhere", lambda: changed(images=one_picture)(lenet()), "images-equal"),
    Case("mobile, white images", lambda: changed(color(), images=np.ones_like)(mobile()), "images-equal"),
    Case(
        "LeNet, uniform weights from -10 to 10",
        lambda: ask(lenet("relu", kernel_initializer=I.RandomUniform(-10, 10))),
        "activations-explode",
    ),
    Case(
        "LeNet, a Softmax over the wrong axis",
        lambda: ask(lenet("relu", L.Dense(10), L.Reshape((1, 10)), L.Softmax(axis=1), L.Flatten())),
        "softmax-of-one",
    ),
)

HEALTHY: tuple[Case, ...] = (
    Case("mobile, scaled to -1 and 1 once", lambda: ask(mobile(L.Rescaling(1 / 127.5, -1)), digits("raw", color=True))),
    Case(
        "a BatchNormalization first, 0 to 255", lambda: ask(mobile(L.BatchNormalization()), digits("raw", color=True))
    ),
    Case("dark images", lambda: changed(images=lambda x: 0.1 * x)(lenet("relu"))),
    Case("light images", lambda: changed(images=lambda x: 1 - 0.3 * x)(lenet("relu"))),
    Case("wide, Dropout of 0.8", lambda: ask(wide(L.Dropout(0.8)))),
    Case(
        "noise and dropouts",
        lambda: ask(
            chain(
                L.GaussianNoise(0.2),
                L.Conv2D(16, 3, activation="relu"),
                L.SpatialDropout2D(0.3),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(64, activation="relu"),
                L.Dropout(0.5),
                L.Dense(10, activation="softmax"),
            )
        ),
    ),
    Case("attention by hand", lambda: ask(attending())),
    Case("experts weighed by a Softmax", lambda: ask(experts())),
    Case("a last layer of zeros", lambda: ask(zero_head())),
    Case("residual branches that begin at nothing", lambda: ask(zero_gammas())),
    Case(
        "orthogonal weights and biases of 0.1",
        lambda: ask(lenet("relu", kernel_initializer="orthogonal", bias_initializer=I.Constant(0.1))),
    ),
    Case("one layer of equal weights before others", lambda: ask(one_equal_layer())),
    Case("large weights, normalized", lambda: ask(normalized_large())),
    Case("a gap in the labels", lambda: changed(labels=with_gap)(lenet("relu", L.Dense(11, activation="softmax")))),
    Case("nine in ten of one class", imbalanced),
    Case("every image twice", lambda: changed(images=twice, labels=twice)(lenet("relu"))),
    Case("GRU over rows", lambda: ask(gru())),
    Case("LSTM over rows of a sequence", lambda: changed(images=lambda x: x[..., 0])(sequence())),
    Case("mobile, trained", lambda: ask(fitted(mobile(), color()), color())),
)


def spatially_dropped() -> keras.Model:
    layers = [L.Conv2D(16, 3, activation="relu"), L.SpatialDropout2D(0.98), L.Conv2D(16, 3, activation="relu")]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def noisy_gru() -> keras.Model:
    return chain(L.Reshape((28, 28)), L.GaussianDropout(0.9995), L.GRU(24), L.Dense(10, activation="softmax"))


def all_equal(model: keras.Model, value: float) -> keras.Model:
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    return model


def zero_head() -> keras.Model:
    return chain(
        L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10, activation="softmax", kernel_initializer="zeros")
    )


def one_equal_layer() -> keras.Model:
    first = L.Dense(64, activation="relu", kernel_initializer=I.Constant(0.01))
    return chain(L.Flatten(), first, L.Dense(32, activation="relu"), L.Dense(10, activation="softmax"))


def normalized_large() -> keras.Model:
    layers = [
        layer
        for width in (8, 16)
        for layer in (
            L.Conv2D(width, 3, kernel_initializer=I.RandomNormal(stddev=3.0)),
            L.BatchNormalization(),
            L.ReLU(),
        )
    ]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def sequence() -> keras.Model:
    return chain(L.LSTM(24), L.Dense(10, activation="softmax"), shape=(28, 28))
