"""Networks that learn, on inputs that suit them, fresh or trained: nothing may be said to stop them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

import models
from harness.data import Dataset
from tests.diagnose.cases.case import Asked, Case, L, ask, chain, dense_chain, digits, fitted, one_hot
from tests.diagnose.cases.given import changed, color, color_40
from tests.diagnose.cases.networks import behind, captcha, colored, constant, dropped, funnel, penalized, single
from tests.diagnose.cases.weights import normalized_briefly


def residual() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    for _ in range(3):
        y = L.Conv2D(8, 3, padding="same", use_bias=False)(x)
        y = L.ReLU()(L.BatchNormalization()(y))
        y = L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(y))
        x = L.ReLU()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def with_normalization() -> keras.Model:
    layers = [
        layer for width in (8, 16) for layer in (L.Conv2D(width, 3, use_bias=False), L.BatchNormalization(), L.ReLU())
    ]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def separable() -> keras.Model:
    layers = [L.SeparableConv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.DepthwiseConv2D(3), L.Conv2D(24, 1)]
    return chain(
        L.Conv2D(8, 3, activation="relu"), *layers, L.ReLU(), L.GlobalAveragePooling2D(), L.Dense(10, "softmax")
    )


def bottleneck() -> keras.Model:
    """A linear bottleneck, as MobileNetV2 has."""
    layers = [L.Conv2D(32, 3, activation="relu"), L.Conv2D(4, 1), L.Conv2D(32, 1, activation="relu")]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def nested() -> keras.Model:
    inner = chain(L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D())
    return chain(L.Rescaling(1 / 255), inner, L.Flatten(), L.Dense(10, activation="softmax"))


def raw_operations() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = keras.ops.relu(L.Conv2D(8, 3)(inputs))
    return keras.Model(inputs, keras.ops.softmax(L.Dense(10)(L.Flatten()(x))))


def grouped() -> keras.Model:
    """A convolution of two groups by hand: its input split, and joined again."""
    inputs = keras.Input((28, 28, 1))
    halves = keras.ops.split(L.Conv2D(16, 3, activation="relu")(inputs), 2, axis=-1)
    x = L.Concatenate()([L.Conv2D(8, 3, activation="relu")(half) for half in halves])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.MaxPooling2D(2)(x))))


def with_state() -> keras.Model:
    """An LSTM that gives its last output and its two states, all of which are used."""
    inputs = keras.Input((28, 28, 1))
    x = L.Concatenate()(L.LSTM(32, return_state=True)(L.Reshape((28, 28))(inputs)))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(x))


def inception() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    branches = [L.Conv2D(8, size, padding="same", activation="relu")(inputs) for size in (1, 3, 5)]
    x = L.MaxPooling2D(4)(L.Concatenate()(branches))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(x)))


def two_classes(activation: str | None) -> keras.Model:
    return chain(L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(1, activation=activation))


def signs(labels: Any) -> Any:
    """-1 for even digits, 1 for odd ones."""
    return 2 * (labels % 2) - 1


def convolutional(activation: Any) -> keras.Model:
    layers = [layer for width in (8, 16) for layer in (L.Conv2D(width, 3, activation=activation), L.MaxPooling2D())]
    return chain(*layers, L.Flatten(), L.Dense(32, activation=activation), L.Dense(10, activation="softmax"))


def regularized() -> keras.Model:
    return chain(
        L.Conv2D(8, 3, activation="relu", kernel_regularizer="l2"), L.Dropout(0.5), L.Flatten(), L.Dense(10, "softmax")
    )


def adapted() -> Asked:
    normalization = L.Normalization()
    normalization.adapt(digits("raw").train_images)
    return ask(chain(normalization, L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10, "softmax")), digits("raw"))


def five_blocks(filters: int) -> keras.Model:
    return models.build("eight_class", input_shape=[96, 96, 3], n_class=10, filters=filters)


def compiled(model: keras.Model, **options: Any) -> keras.Model:
    model.compile(**options)
    return model


def logits(model: keras.Model) -> Asked:
    model.layers[-1].activation = keras.activations.linear
    return ask(model, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def application(name: str, scale: float = 1.0, side: int = 96) -> Case:
    """A network of keras.applications, untrained, on digits of three channels in the range that it documents."""

    def make() -> Asked:
        build: Callable[..., keras.Model] = getattr(keras.applications, name)
        data = digits(color=True, side=side, limit=100)
        images = (data.train_images * scale).astype(np.float32)
        return Asked(build(weights=None, classes=10, input_shape=(side, side, 3)), images, data.train_labels)

    return Case(name, make)


def in_float16() -> keras.Model:
    layers = [L.Conv2D(8, 3, activation="relu", dtype="mixed_float16"), L.GlobalMaxPooling2D(dtype="mixed_float16")]
    return chain(*layers, L.Dense(10, dtype="mixed_float16"), L.Activation("softmax", dtype="float32"))


def two_classes_trained() -> Asked:
    model, labels = two_classes("sigmoid"), digits().train_labels % 2
    model.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    model.fit(digits().train_images, labels, epochs=3, verbose=0)
    return Asked(model, digits().train_images, labels, {"loss": "binary_crossentropy"})


def softly_gated() -> keras.Model:
    """Channels weighed by a Softmax over them."""
    inputs = keras.Input((28, 28, 1))
    x = L.Conv2D(8, 3, activation="relu")(inputs)
    gate = L.Dense(8, activation="softmax")(L.GlobalAveragePooling2D()(x))
    x = L.Multiply()([x, L.Reshape((1, 1, 8))(gate)])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(L.MaxPooling2D(2)(x))))


def zero_last(model: keras.Model) -> keras.Model:
    """The last layer's kernel is zero, as some networks begin on purpose."""
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    last.set_weights([weight * 0 for weight in last.get_weights()])
    return model


def many(data: Dataset | None = None) -> Dataset:
    return data or digits(limit=1500)


HEALTHY: tuple[Case, ...] = (
    # What comes near a fault of scale, dropout, Softmax or equal weights.
    Case("Rescaling, 0 to 255", lambda: ask(behind(L.Rescaling(1 / 255)), digits("raw"))),
    Case("Rescaling to -1 and 1, 0 to 255", lambda: ask(behind(L.Rescaling(1 / 127.5, -1)), digits("raw"))),
    Case("Rescaling twice by 1, 0 to 1", lambda: ask(behind(L.Rescaling(1.0), L.Rescaling(1.0)))),
    Case("pixels 0.5 lighter", lambda: changed(images=lambda x: x + 0.5)(single())),
    Case("dense, Dropout of 0.5", lambda: ask(dropped(64, 0.5))),
    Case("dense, 512 units, Dropout of 0.8", lambda: ask(dropped(512, 0.8))),
    Case("a gate by a Softmax", lambda: ask(softly_gated())),
    Case("a last layer of zeros", lambda: ask(zero_last(captcha()))),
    Case("depthwise kernels of ones", lambda: ask(behind(L.DepthwiseConv2D(3, depthwise_initializer="ones")))),
    # The four networks, with the options of their studies.
    Case("single_conv", lambda: ask(single())),
    Case("single_conv, no channel axis", lambda: changed(images=lambda x: x[..., 0])(single())),
    Case("single_conv, 32 filters", lambda: ask(single(filters=32))),
    Case("single_conv, same", lambda: ask(single(padding="same"))),
    Case("deepcaptcha, Reshape before Softmax", lambda: ask(models.build("deepcaptcha", reshape="before_softmax"))),
    Case("deepcaptcha, 0 to 1", lambda: ask(models.build("deepcaptcha"))),
    Case("deepcaptcha, 0 to 1, valid", lambda: ask(models.build("deepcaptcha", padding="valid"))),
    Case("deepcaptcha, another block", lambda: ask(captcha(filters=[8, 12, 16, 16]))),
    Case("deepcaptcha, strides", lambda: ask(captcha(strides=[1, 1, 2]))),
    Case("deepcaptcha, last pooling of 4", lambda: ask(captcha(last_pool=4))),
    Case("colored, no ReLU before Softmax", lambda: ask(models.build("colored", head_activation="none"), color())),
    Case("colored, ReLU in the convolutions", lambda: ask(colored(conv_activation="relu"), color())),
    Case("eight_class, funnel", lambda: ask(funnel(), color_40())),
    Case("eight_class, constant", lambda: ask(constant(), color_40())),
    Case("eight_class, constant, he_normal", lambda: ask(constant(initializer="he_normal"), color_40())),
    Case(
        "eight_class, constant, 64 filters",
        lambda: ask(five_blocks(64), digits(color=True, side=96)),
    ),
    # Kinds of networks.
    Case("dense, 2 layers", lambda: ask(dense_chain(2, "relu"))),
    Case("dense, 8 layers, he_normal", lambda: ask(dense_chain(8, "relu", "he_normal"))),
    Case("dense, 8 layers of tanh", lambda: ask(dense_chain(8, "tanh"))),
    Case("dense, 16 layers of selu", lambda: ask(dense_chain(16, "selu", "lecun_normal"))),
    Case("dense, 4 layers of gelu", lambda: ask(dense_chain(4, "gelu"))),
    Case("convolutions with leaky ReLUs", lambda: ask(convolutional("leaky_relu"))),
    Case("convolutions with elu", lambda: ask(convolutional("elu"))),
    Case("one layer of logistic regression", lambda: ask(dense_chain(0, "relu"))),
    Case("BatchNormalization", lambda: ask(with_normalization())),
    Case("BatchNormalization, 0 to 255", lambda: ask(with_normalization(), digits("raw"))),
    Case("skip connections", lambda: ask(residual())),
    Case("separable convolutions", lambda: ask(separable())),
    Case("a linear bottleneck", lambda: ask(bottleneck())),
    Case("branches", lambda: ask(inception())),
    Case("a model in a model, 0 to 255", lambda: ask(nested(), digits("raw"))),
    Case("raw operations", lambda: ask(raw_operations())),
    Case("a split", lambda: ask(grouped())),
    Case("LSTM with its states", lambda: ask(with_state())),
    Case("regularizer and dropout", lambda: ask(regularized())),
    Case("adapted normalization, 0 to 255", adapted),
    # Losses.
    Case("logits", lambda: logits(single())),
    Case("one-hot labels", lambda: changed(labels=one_hot)(captcha(), loss="categorical_crossentropy")),
    Case(
        "two classes, sigmoid",
        lambda: changed(labels=lambda y: y % 2)(two_classes("sigmoid"), loss="binary_crossentropy"),
    ),
    Case(
        "two classes, logits",
        lambda: changed(labels=lambda y: y % 2)(
            two_classes(None), loss=keras.losses.BinaryCrossentropy(from_logits=True)
        ),
    ),
    Case("two classes of -1 and 1, hinge", lambda: changed(labels=signs)(two_classes("tanh"), loss="hinge")),
    Case("two classes of 0 and 1, hinge", lambda: changed(labels=lambda y: y % 2)(two_classes("tanh"), loss="hinge")),
    Case("mean squared error", lambda: changed(labels=one_hot)(single(), loss="mse")),
    # Optimizers.
    Case("SGD at 0.1", lambda: ask(single(), optimizer="sgd", learning_rate=0.1)),
    Case("SGD with momentum", lambda: ask(captcha(), optimizer=keras.optimizers.SGD(0.03, momentum=0.9))),
    Case("RMSprop", lambda: ask(captcha(), optimizer="rmsprop")),
    Case(
        "AdamW, compiled", lambda: ask(compiled(captcha(), optimizer="adamw", loss="sparse_categorical_crossentropy"))
    ),
    # Trained.
    Case("single_conv, trained", lambda: ask(fitted(single(), many()), many())),
    Case("single_conv, trained a little", lambda: ask(fitted(single(), digits(), 1))),
    Case("deepcaptcha, trained", lambda: ask(fitted(captcha(), many()), many())),
    Case(
        "deepcaptcha, trained on 0 to 255",
        lambda: ask(fitted(captcha(), digits("raw", limit=1500)), digits("raw", limit=1500)),
    ),
    Case("colored, trained", lambda: ask(fitted(colored(), color()), color())),
    Case("eight_class, trained", lambda: ask(fitted(funnel(), color_40()), color_40())),
    Case("BatchNormalization, trained", lambda: ask(fitted(with_normalization(), many()), many())),
    Case("a learning history", lambda: ask(captcha(), history={"loss": [2.2, 1.1, 0.6], "accuracy": [0.3, 0.7, 0.8]})),
    # What `fit` lowers and how, other than in the usual way.
    Case("deepcaptcha, L2 of 1e-4", lambda: ask(penalized(captcha(), keras.regularizers.L2(1e-4)))),
    Case("AdamW, weight decay of 0.1", lambda: ask(captcha(), optimizer=keras.optimizers.AdamW(weight_decay=0.1))),
    Case(
        "a schedule that begins at zero",
        lambda: ask(
            captcha(),
            optimizer=keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=0.003, warmup_steps=100)
            ),
        ),
    ),
    Case(
        "32 batches to a step", lambda: ask(captcha(), optimizer=keras.optimizers.Adam(gradient_accumulation_steps=32))
    ),
    Case(
        "a loss that is scaled",
        lambda: ask(captcha(), optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())),
    ),
    Case("float16, fresh", lambda: ask(in_float16())),
    Case("float16, learned", lambda: ask(fitted(in_float16(), digits(), 40))),
    Case("learned by heart", lambda: ask(fitted(single(), digits(), 60, learning_rate=0.01))),
    Case("normalized with a momentum of 0.8, trained", lambda: ask(normalized_briefly(momentum=0.8))),
    Case("two classes, trained", two_classes_trained),
)

APPLICATIONS: tuple[Case, ...] = (
    application("MobileNet"),
    application("MobileNetV2"),
    application("MobileNetV3Small", 255.0),
    application("EfficientNetB0", 255.0),
    application("EfficientNetV2B0", 255.0),
    application("ResNet50"),
    application("ResNet50V2"),
    application("VGG16"),
    application("DenseNet121"),
    application("Xception"),
    application("InceptionV3"),
    application("NASNetMobile"),
    application("ConvNeXtTiny", 255.0),
)
