"""Faults and healthy networks that no threshold was chosen on: other designs than those in the tables.

Most were written before any check was changed for the other tables, and no check was changed for them. Those of hinge
losses, exploding gradients, a large last layer and cut images came later, with the cases of their kind in those tables.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.diagnose.cases.case import Case, L, ask, chain, dense_chain, digits, fitted, one_hot, with_weights
from tests.diagnose.cases.healthy import application, many, residual, with_normalization
from tests.diagnose.cases.planted.signal import (
    changed,
    color,
    color_40,
    colored,
    first_rows,
    frozen,
    funnel,
    penalized,
    scaled_layer,
)


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


def standardized(images: Any) -> Any:
    return (images - images.mean()) / images.std()


def unknown_class(labels: Any) -> Any:
    return np.where(labels == 7, -1, labels)


def with_nan(labels: Any) -> Any:
    labels = one_hot(labels)
    labels[5] = np.nan
    return labels


NEGATIVE = keras.initializers.RandomUniform(-0.2, -0.1)

PLANTED: tuple[Case, ...] = (
    Case("LeNet, 0 to 255", lambda: ask(lenet(), digits("raw")), "inputs-unscaled"),
    Case(
        "dense, pixels of 1e-4", lambda: changed(images=lambda x: x * 1e-4)(dense_chain(2, "relu")), "inputs-unscaled"
    ),
    Case(
        "LeNet, Rescaling after Softmax",
        lambda: ask(lenet("relu", L.Dense(10, activation="softmax"), L.Rescaling(1.0)), digits("raw")),
        "softmax-hidden",
    ),
    Case(
        "LeNet, one output without sigmoid",
        lambda: changed(labels=lambda y: y > 4)(lenet("relu", L.Dense(1)), loss="binary_crossentropy"),
        "from-logits",
    ),
    Case("transformer without Softmax", lambda: ask(keras.Model(*ends(transformer()))), "from-logits"),
    Case(
        "normalized ReLU before Softmax",
        lambda: ask(lenet("relu", L.Dense(10), L.BatchNormalization(), L.ReLU(), L.Softmax())),
        "clipped-logits",
    ),
    Case(
        "LeNet, ReLU6 before Softmax",
        lambda: ask(lenet("tanh", L.Dense(10), L.ReLU(6.0), L.Softmax())),
        "clipped-logits",
    ),
    Case("LeNet, class numbers", lambda: ask(lenet(), loss="categorical_crossentropy"), "label-encoding"),
    Case("LeNet, a class of -1", lambda: changed(labels=unknown_class)(lenet()), "class-count"),
    Case("dense, all zeros", lambda: changed(labels=lambda y: y * 0)(dense_chain(2, "relu")), "one-class"),
    Case("LeNet, flat images", lambda: changed(images=lambda x: x.reshape(len(x), -1))(lenet()), "input-shape"),
    Case(
        "a large kernel after poolings",
        lambda: ask(
            chain(
                L.Conv2D(8, 5, activation="relu"),
                L.MaxPooling2D(4),
                L.Conv2D(8, 7, activation="relu"),
                L.GlobalMaxPooling2D(),
                L.Dense(10, activation="softmax"),
                shape=(None, None, 1),
            )
        ),
        "feature-map-eaten",
    ),
    Case(
        "LeNet, a NaN label",
        lambda: changed(labels=with_nan)(lenet(), loss="categorical_crossentropy"),
        "data-not-finite",
    ),
    Case("an infinite variance", lambda: ask(infinite_variance()), "weights-not-finite"),
    Case(
        "strided convolutions without activation",
        lambda: ask(
            chain(
                *[L.Conv2D(16, 3, strides=2, padding="same") for _ in range(3)],
                L.GlobalAveragePooling2D(),
                L.Dense(10, activation="softmax"),
            )
        ),
        "no-nonlinearity",
    ),
    Case("LeNet, negative kernels", lambda: ask(lenet("relu", kernel_initializer=NEGATIVE)), "dead-units"),
    Case(
        "ten tiny convolutions",
        lambda: ask(vgg(keras.initializers.TruncatedNormal(stddev=0.005), depth=10)),
        "activations-shrink",
    ),
    Case(
        "six large convolutions",
        lambda: ask(vgg(keras.initializers.VarianceScaling(scale=50.0))),
        "activations-explode",
    ),
    Case("seven hard sigmoid layers", lambda: ask(dense_chain(7, "hard_sigmoid")), "gradients-vanish"),
    Case(
        "dense, squared error of a large last layer",
        lambda: changed(labels=one_hot)(
            scaled_layer(chain(L.Flatten(), L.Dense(64, "relu"), L.Dense(10, name="out")), "out", 400), loss="mse"
        ),
        "gradients-explode",
    ),
    Case("lengths of vectors of zeros", lambda: ask(lengths()), "gradients-explode"),
    Case("LeNet, large last layer", lambda: ask(scaled_layer(lenet(), "out", 60)), "output-saturated"),
    Case("LeNet, images cut", lambda: changed(images=lambda x: x[:300])(lenet()), "examples-mismatch"),
    Case(
        "LeNet, SGD with momentum at 5",
        lambda: ask(lenet("relu"), optimizer=keras.optimizers.SGD(5.0, momentum=0.9)),
        "learning-rate-high",
    ),
    Case(
        "dense, SGD at 1e-6",
        lambda: ask(dense_chain(2, "relu"), optimizer="sgd", learning_rate=1e-6),
        "learning-rate-low",
    ),
    Case(
        "LeNet, sure of one class",
        lambda: ask(sure_of_one_class(fitted(lenet(), digits(), 2))),
        "predictions-collapsed",
    ),
    Case(
        "LeNet, ten epochs at chance",
        lambda: ask(lenet(), history={"acc": [0.1] * 10, "loss": [2.303] * 10, "val_acc": [0.5] * 10}),
        "chance-plateau",
    ),
    Case("LeNet, an infinite loss", lambda: ask(lenet(), history={"loss": [2.3, float("inf")]}), "loss-not-finite"),
    Case("five of 12 filters removed, first rows", lambda: ask(first_rows(12, 5)), "rows-misordered"),
    Case("a frozen network for eight classes", lambda: ask(frozen(funnel()), color_40()), "nothing-trainable"),
    Case("a stopped gradient", lambda: ask(stopped()), "zero-gradient"),
    Case(
        "LeNet, Softmax of one",
        lambda: changed(labels=lambda y: y > 4)(lenet("relu", L.Dense(1), L.Softmax()), loss="binary_crossentropy"),
        "softmax-of-one",
    ),
    Case("LSTM, L2 of 1 inside Bidirectional", lambda: ask(penalized_inside()), "penalty-drowns-loss"),
    Case(
        "LeNet, L1 of 0.3 on what it makes",
        lambda: ask(lenet("relu", kernel_regularizer="l2", activity_regularizer=keras.regularizers.L1(0.3))),
        "penalty-drowns-loss",
    ),
    Case(
        "LeNet, SGD with a decay of 3",
        lambda: ask(lenet("relu"), optimizer=keras.optimizers.SGD(0.1, weight_decay=3.0)),
        "weight-decay-high",
    ),
    Case("a normalized body in a model, 40 steps", lambda: ask(body_briefly_trained()), "moving-statistics"),
    Case(
        "LeNet, hinge, always -1",
        lambda: changed(labels=lambda y: 2 * (y % 2) - 1)(
            with_weights(
                lenet("relu", L.Dense(1, name="out", activation="tanh")), "out", lambda w: [w[0] * 0.05, w[1] - 1]
            ),
            loss="hinge",
        ),
        "predictions-collapsed",
    ),
)

HEALTHY: tuple[Case, ...] = (
    Case("LeNet", lambda: ask(lenet())),
    Case(
        "LeNet, squared hinge of each class",
        lambda: changed(labels=lambda y: 2 * one_hot(y) - 1)(
            lenet("tanh", L.Dense(10)), loss=keras.losses.SquaredHinge()
        ),
    ),
    Case(
        "LeNet, categorical hinge",
        lambda: changed(labels=one_hot)(lenet("relu", L.Dense(10)), loss="categorical_hinge"),
    ),
    Case("LeNet of ReLUs, standardized", lambda: changed(images=standardized)(lenet("relu"))),
    Case("LeNet, -1 to 1", lambda: changed(images=lambda x: 2 * x - 1)(lenet("relu"))),
    Case("LeNet, trained", lambda: ask(fitted(lenet(), many()), many())),
    Case("six convolutions, he_normal, Dropout", lambda: ask(vgg("he_normal"))),
    Case("squeeze and excitation", lambda: ask(gated())),
    Case("transformer", lambda: ask(transformer())),
    Case("a layer used three times", lambda: ask(shared())),
    Case("LSTM over rows", lambda: ask(recurrent())),
    Case("one-dimensional convolution", lambda: changed(images=lambda x: x[..., 0])(in_one_dimension())),
    Case("normalized by group, 0 to 255", lambda: ask(normalized_by_group(), digits("raw"))),
    Case("transposed convolution", lambda: ask(transposed())),
    Case(
        "wide layers",
        lambda: ask(chain(L.Flatten(), L.Dense(1024, "relu"), L.Dense(1024, "relu"), L.Dense(10, "softmax"))),
    ),
    Case(
        "colored, Nesterov",
        lambda: ask(colored(), color(), optimizer=keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True)),
    ),
    Case("skip connections, trained", lambda: ask(fitted(residual(), many()), many())),
    Case("six convolutions, L2 of 5e-4", lambda: ask(penalized(vgg("he_normal"), keras.regularizers.L2(5e-4)))),
    Case(
        "LeNet, clipped, averaged",
        lambda: ask(lenet(), optimizer=keras.optimizers.Adam(clipnorm=1.0, use_ema=True, ema_overwrite_frequency=5)),
    ),
    Case(
        "LeNet, Lion with its decay",
        lambda: ask(lenet(), optimizer=keras.optimizers.Lion(1e-4, weight_decay=0.1)),
    ),
    Case("LeNet, learned by heart", lambda: ask(fitted(lenet(), digits(), 40, learning_rate=3e-3))),
    Case("dense of float16, a loss scaled", lambda: ask(in_halves(), optimizer=scaling())),
    application("MobileNetV3Large", 255.0),
    application("EfficientNetB1", 255.0),
)


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
