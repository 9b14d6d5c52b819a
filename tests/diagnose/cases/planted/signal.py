"""Faults planted in the four networks and others: each has one cause, which must be the first finding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np

import models
from harness.data import Dataset
from tests.diagnose.cases.case import (
    SPARSE,
    Asked,
    Case,
    L,
    ask,
    chain,
    dense_chain,
    digits,
    fitted,
    one_hot,
    with_weights,
)

L1, L2 = keras.regularizers.L1, keras.regularizers.L2
SMALL_CAPTCHA = {"filters": [8, 12, 16], "dense_units": 64}
EIGHT = {"input_shape": [40, 40, 3], "n_class": 10}
FUNNEL = {**EIGHT, "design": "funnel", "filters": [8, 8, 16], "dense_units": 64}
CONSTANT = {**EIGHT, "filters": [16, 16, 16]}


def single(**options: Any) -> keras.Model:
    return models.build("single_conv", **{"filters": 8, **options})


def captcha(**options: Any) -> keras.Model:
    return models.build("deepcaptcha", **{**SMALL_CAPTCHA, "reshape": "before_softmax", **options})


def colored(**options: Any) -> keras.Model:
    return models.build("colored", **{"filters": 16, "head_activation": "none", **options})


def funnel(**options: Any) -> keras.Model:
    return models.build("eight_class", **{**FUNNEL, **options})


def constant(**options: Any) -> keras.Model:
    return models.build("eight_class", **{**CONSTANT, **options})


def color() -> Dataset:
    return digits(color=True)


def color_40() -> Dataset:
    return digits(color=True, side=40)


def changed(data: Dataset | None = None, *, images: Any = None, labels: Any = None) -> Any:
    """Turns a model into a case with the data's images or labels changed."""
    data = data or digits()

    def made(model: keras.Model, **options: Any) -> Asked:
        return Asked(
            model,
            data.train_images if images is None else images(data.train_images),
            data.train_labels if labels is None else labels(data.train_labels),
            options,
        )

    return made


def times(model: keras.Model, factor: float) -> keras.Model:
    """All kernels multiplied."""
    model.set_weights([weight * factor if weight.ndim > 1 else weight for weight in model.get_weights()])
    return model


def holed(values: Any, value: float) -> Any:
    values = values.copy()
    values[3, 5, 5, 0] = value
    return values


def shifted_bias(model: keras.Model, layer: str, amount: float) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0], weights[1] + amount])


def broken_weights(model: keras.Model, layer: str) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * np.nan, weights[1]])


def flexible(*layers: Any) -> keras.Model:
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"), shape=(None, None, 1))


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


def normal(deviation: float) -> Any:
    return keras.initializers.RandomNormal(stddev=deviation)


def stuck_history(epochs: int = 5) -> dict[str, list[float]]:
    return {"loss": [2.31] * epochs, "accuracy": [0.1] * epochs}


def impatient(**options: Any) -> Asked:
    """The constant-256 study's reduced network after its six epochs, with what `fit` returned."""
    data = digits(side=48, limit=525)
    model = models.build("eight_class", input_shape=[48, 48, 1], n_class=10, filters=[16] * 4)
    model.compile(optimizer="adam", loss=SPARSE, metrics=["accuracy"], jit_compile=False)
    history = model.fit(data.train_images, data.train_labels, batch_size=32, epochs=6, verbose=0)
    return ask(model, data, history=history, **options)


def behind(*first: Any) -> keras.Model:
    """A convolution with its head behind other layers."""
    return chain(*first, L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(10, "softmax"))


def half_black(images: Any) -> Any:
    images = images.copy()
    images[::2] = 0
    return images


def dropped(width: int, rate: float) -> keras.Model:
    return chain(L.Flatten(), L.Dense(width, activation="relu"), L.Dropout(rate), L.Dense(10, activation="softmax"))


def convolution(activation: str) -> keras.Model:
    return chain(L.Conv2D(8, 3, activation=activation), L.MaxPooling2D(), L.Flatten(), L.Dense(10, "softmax"))


def filled(model: keras.Model, value: float) -> keras.Model:
    """Every weight is the same."""
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    return model


def binary(labels: Any) -> Any:
    return labels % 2


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


PLANTED: tuple[Case, ...] = (
    # Scaled twice, or not at all, by the network itself.
    Case("Rescaling, divided before", lambda: ask(behind(L.Rescaling(1 / 255))), "inputs-unscaled"),
    Case("Rescaling to -1 and 1, divided before", lambda: ask(behind(L.Rescaling(1 / 127.5, -1))), "inputs-unscaled"),
    Case(
        "Rescaling, then normalized, divided before",
        lambda: ask(behind(L.Rescaling(1 / 255), L.Conv2D(8, 3), L.BatchNormalization(), L.ReLU())),
        "inputs-unscaled",
    ),
    Case("Rescaling by 255, divided before", lambda: ask(behind(L.Rescaling(255))), "inputs-unscaled"),
    Case("Normalization not adapted", lambda: ask(behind(L.Normalization()), digits("raw")), "inputs-unscaled"),
    Case("single_conv, 5 + 0.1 times", lambda: changed(images=lambda x: 5 + 0.1 * x)(single()), "inputs-unscaled"),
    Case(
        "Rescaling, divided before, a history at chance",
        lambda: ask(behind(L.Rescaling(1 / 255)), history=stuck_history()),
        "inputs-unscaled",
    ),
    # Images that are equal.
    Case("single_conv, black images", lambda: changed(images=np.zeros_like)(single()), "images-equal"),
    Case(
        "eight_class, one image", lambda: changed(color_40(), images=lambda x: x * 0 + x[:1])(funnel()), "images-equal"
    ),
    Case("single_conv, one in two images black", lambda: changed(images=half_black)(single()), "labels-contradict"),
    # What lets no signal through.
    Case("dense, Dropout of 0.99", lambda: ask(dropped(64, 0.99)), "dropout-high"),
    Case(
        "convolutions, Dropout of 0.99", lambda: ask(behind(L.Conv2D(8, 3), L.ReLU(), L.Dropout(0.99))), "dropout-high"
    ),
    Case("dense, a Softmax within", lambda: ask(dense_chain(1, "softmax")), "softmax-within"),
    Case("dense, two Softmaxes within", lambda: ask(dense_chain(2, "softmax")), "softmax-within"),
    Case("single_conv, a Softmax within", lambda: ask(convolution("softmax")), "softmax-within"),
    Case("dense, all weights zero", lambda: ask(filled(dense_chain(2, "relu"), 0.0)), "equal-units"),
    Case("dense, all weights 0.01", lambda: ask(filled(dense_chain(2, "relu"), 0.01)), "equal-units"),
    Case("deepcaptcha, all weights one", lambda: ask(filled(captcha(), 1.0)), "equal-units"),
    Case("hidden layers of equal weights", lambda: ask(dense_chain(2, "tanh", "ones")), "equal-units"),
    Case("two layers of deviation 5", lambda: ask(dense_chain(2, "relu", normal(5.0))), "activations-explode"),
    Case(
        "Softmax over an axis of one",
        lambda: ask(chain(L.Flatten(), L.Dense(10), L.Reshape((1, 10)), L.Softmax(axis=1), L.Flatten())),
        "softmax-of-one",
    ),
    # The scale of the inputs.
    Case("single_conv, 0 to 255", lambda: ask(single(), digits("raw")), "inputs-unscaled"),
    Case("deepcaptcha, 0 to 255", lambda: ask(captcha(), digits("raw")), "inputs-unscaled"),
    Case("colored, 0 to 255", lambda: ask(colored(), digits("raw", color=True)), "inputs-unscaled"),
    Case("eight_class, 0 to 255", lambda: ask(funnel(), digits("raw", color=True, side=40)), "inputs-unscaled"),
    Case("single_conv, divided twice", lambda: changed(images=lambda x: x / 255)(single()), "inputs-unscaled"),
    Case("deepcaptcha, divided twice", lambda: changed(images=lambda x: x / 255)(captcha()), "inputs-unscaled"),
    # What stands between the logits and the loss.
    Case("deepcaptcha as asked", lambda: ask(models.build("deepcaptcha"), digits("raw")), "softmax-hidden"),
    Case(
        "single_conv, Reshape after Softmax",
        lambda: ask(
            chain(
                L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(10, activation="softmax"), L.Reshape((1, 10))
            ),
            digits("raw"),
        ),
        "softmax-hidden",
    ),
    Case(
        "dense, Dropout after Softmax",
        lambda: ask(
            chain(L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10), L.Softmax(), L.Dropout(0.1)), digits("raw")
        ),
        "softmax-hidden",
    ),
    Case(
        "eight_class, no Softmax",
        lambda: ask(without_last_activation(funnel()), color_40()),
        "from-logits",
    ),
    Case("single_conv, no Softmax", lambda: ask(without_last_activation(single())), "from-logits"),
    Case(
        "single_conv, no Softmax, one-hot",
        lambda: changed(labels=one_hot)(without_last_activation(single()), loss="categorical_crossentropy"),
        "from-logits",
    ),
    Case(
        "deepcaptcha, Softmax twice",
        lambda: ask(
            captcha(reshape="after_softmax"), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        ),
        "from-logits",
    ),
    Case("colored as asked", lambda: ask(models.build("colored"), color()), "clipped-logits"),
    Case(
        "colored, ReLUs everywhere",
        lambda: ask(colored(head_activation="relu", conv_activation="relu"), color()),
        "clipped-logits",
    ),
    Case("single_conv, ReLU before Softmax", lambda: ask(bounded_head("relu")), "clipped-logits"),
    Case("single_conv, tanh before Softmax", lambda: ask(bounded_head("tanh")), "clipped-logits"),
    Case("single_conv, sigmoid before Softmax", lambda: ask(bounded_head("sigmoid")), "clipped-logits"),
    Case(
        "Softmax over one output",
        lambda: changed(labels=binary)(
            chain(L.Flatten(), L.Dense(16, activation="relu"), L.Dense(1, activation="softmax")),
            loss="binary_crossentropy",
        ),
        "softmax-of-one",
    ),
    Case("a dead output", lambda: changed(labels=one_hot)(dead_output(), loss="mse"), "zero-gradient"),
    # Labels.
    Case("single_conv, one-hot labels", lambda: changed(labels=one_hot)(single()), "label-encoding"),
    Case("deepcaptcha, class numbers", lambda: ask(captcha(), loss="categorical_crossentropy"), "label-encoding"),
    Case("eight_class, class numbers", lambda: ask(funnel(), color_40(), loss="binary_crossentropy"), "label-encoding"),
    Case("single_conv, labels from 1", lambda: changed(labels=lambda y: y + 1)(single()), "class-count"),
    Case("eight_class, 8 outputs for 10", lambda: ask(funnel(n_class=8), color_40()), "class-count"),
    Case("deepcaptcha, one class", lambda: changed(labels=lambda y: y * 0 + 3)(captcha()), "one-class"),
    Case("colored, a label short", lambda: changed(color(), labels=lambda y: y[:-1])(colored()), "examples-mismatch"),
    # Shapes.
    Case("deepcaptcha, color images", lambda: ask(captcha(), color()), "input-shape"),
    Case(
        "colored, channels first",
        lambda: changed(color(), images=lambda x: np.moveaxis(x, -1, 1))(colored()),
        "input-shape",
    ),
    Case("eight_class, small images", lambda: ask(funnel(), color()), "input-shape"),
    Case(
        "valid convolutions eat 28 pixels",
        lambda: ask(flexible(*[L.Conv2D(4, 7, activation="relu") for _ in range(5)])),
        "feature-map-eaten",
    ),
    Case(
        "poolings eat 28 pixels",
        lambda: ask(
            flexible(*[layer for _ in range(5) for layer in (L.Conv2D(4, 3, padding="same"), L.MaxPooling2D())])
        ),
        "feature-map-eaten",
    ),
    # Not numbers.
    Case("single_conv, a NaN pixel", lambda: changed(images=lambda x: holed(x, np.nan))(single()), "data-not-finite"),
    Case(
        "colored, an infinite pixel",
        lambda: changed(color(), images=lambda x: holed(x, np.inf))(colored()),
        "data-not-finite",
    ),
    Case("deepcaptcha, NaN weights", lambda: ask(broken_weights(captcha(), "conv_2")), "weights-not-finite"),
    Case(
        "eight_class, NaN weights", lambda: ask(broken_weights(funnel(), "dense_1"), color_40()), "weights-not-finite"
    ),
    # Linear layers.
    Case(
        "single_conv without ReLU",
        lambda: ask(chain(L.Conv2D(8, 3), L.Flatten(), L.Dense(10, activation="softmax"))),
        "no-nonlinearity",
    ),
    Case("dense layers without activation", lambda: ask(dense_chain(3, "linear")), "no-nonlinearity"),
    Case(
        "convolutions and averages without activation",
        lambda: ask(
            chain(
                L.Conv2D(8, 3),
                L.AveragePooling2D(2),
                L.Conv2D(16, 3),
                L.BatchNormalization(),
                L.Flatten(),
                L.Dense(10, activation="softmax"),
            )
        ),
        "no-nonlinearity",
    ),
    # Dead units.
    Case("deepcaptcha, dead convolution", lambda: ask(shifted_bias(captcha(), "conv_3", -9)), "dead-units"),
    Case("eight_class, dead Dense layer", lambda: ask(shifted_bias(funnel(), "dense_1", -9), color_40()), "dead-units"),
    Case("single_conv, dead convolution", lambda: ask(shifted_bias(single(), "conv_1", -9)), "dead-units"),
    Case("deepcaptcha, killed in training", lambda: ask(killed(captcha())), "dead-units"),
    # Signals and gradients.
    Case("eight small initial layers", lambda: ask(dense_chain(8, "relu", normal(0.01))), "activations-shrink"),
    Case("eight_class constant, small weights", lambda: ask(times(constant(), 0.1), color_40()), "activations-shrink"),
    Case("deepcaptcha, small weights", lambda: ask(times(captcha(), 0.02)), "activations-shrink"),
    Case("six large initial layers", lambda: ask(dense_chain(6, "relu", normal(0.5))), "activations-explode"),
    Case("deepcaptcha, large weights", lambda: ask(times(captcha(), 6)), "activations-explode"),
    Case("eight_class constant, large weights", lambda: ask(times(constant(), 6), color_40()), "activations-explode"),
    Case("eight sigmoid layers", lambda: ask(dense_chain(8, "sigmoid")), "gradients-vanish"),
    Case("six sigmoid layers", lambda: ask(dense_chain(6, "sigmoid")), "gradients-vanish"),
    Case("five sigmoid convolutions", lambda: ask(sigmoid_convolutions(5)), "gradients-vanish"),
    Case("a rounding activation", lambda: ask(dense_chain(1, keras.ops.sign)), "gradients-vanish"),
    Case("deepcaptcha, large last layer", lambda: ask(scaled_layer(captcha(), "dense_2", 400)), "output-saturated"),
    Case("single_conv, large last layer", lambda: ask(scaled_layer(single(), "dense_1", 40)), "output-saturated"),
    Case("single_conv, one class weighed 1e6 times", lambda: ask(single(), loss=weighed), "gradients-explode"),
    Case(
        "eight_class, one class weighed 1e6 times", lambda: ask(funnel(), color_40(), loss=weighed), "gradients-explode"
    ),
    Case("a square root of zeros", lambda: ask(rooted()), "gradients-explode"),
    # Learning rates.
    Case("deepcaptcha, Adam at 1", lambda: ask(captcha(), learning_rate=1.0), "learning-rate-high"),
    Case("single_conv, SGD at 30", lambda: ask(single(), optimizer="sgd", learning_rate=30.0), "learning-rate-high"),
    Case("eight_class, Adam at 0.3", lambda: ask(funnel(), color_40(), learning_rate=0.3), "learning-rate-high"),
    Case("deepcaptcha, Adam at 1e-7", lambda: ask(captcha(), learning_rate=1e-7), "learning-rate-low"),
    Case(
        "colored, SGD at 1e-5",
        lambda: ask(colored(), color(), optimizer="sgd", learning_rate=1e-5),
        "learning-rate-low",
    ),
    Case("eight_class, Adam at 1e-8", lambda: ask(funnel(), color_40(), learning_rate=1e-8), "learning-rate-low"),
    # What a training left.
    Case("single_conv, one answer", lambda: ask(one_answer(fitted(single(), digits(), 1))), "predictions-collapsed"),
    Case(
        "deepcaptcha, one answer",
        lambda: ask(one_answer(fitted(captcha(), digits(), 1), "dense_2")),
        "predictions-collapsed",
    ),
    Case("a history at chance", lambda: ask(single(), history=stuck_history()), "chance-plateau"),
    Case(
        "a history without accuracy", lambda: ask(captcha(), history={"loss": [2.4, 2.31, 2.3, 2.3]}), "chance-plateau"
    ),
    Case("a history of NaN", lambda: ask(single(), history={"loss": [3.0, float("nan")]}), "loss-not-finite"),
    Case("removed filter as asked", lambda: ask(first_rows(32, 1)), "rows-misordered"),
    Case("four of 16 filters removed, first rows", lambda: ask(first_rows(16, 4)), "rows-misordered"),
    Case("a kernel with channels first", lambda: ask(cut(16, 0, channels_first)), "rows-misordered"),
    Case("every layer frozen", lambda: ask(frozen(captcha())), "nothing-trainable"),
    # What else is lowered than the loss.
    Case("deepcaptcha, L2 of 1", lambda: ask(penalized(captcha(), L2(1.0))), "penalty-drowns-loss"),
    Case(
        "dense, L1 of 0.1, trained",
        lambda: ask(fitted(penalized(dense_chain(2, "relu"), L1(0.1)), digits(), 10)),
        "penalty-drowns-loss",
    ),
    Case(
        "convolutions, activity of L2 3",
        lambda: ask(
            chain(
                L.Conv2D(8, 3, activation="relu", activity_regularizer=L2(3.0)),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(10, activation="softmax"),
            )
        ),
        "penalty-drowns-loss",
    ),
    Case(
        "eight_class, weight decay of 100",
        lambda: ask(funnel(), color_40(), optimizer=keras.optimizers.AdamW(1e-3, weight_decay=100.0)),
        "weight-decay-high",
    ),
    Case(
        "deepcaptcha, SGD clipped to 1e-6",
        lambda: ask(captcha(), optimizer=keras.optimizers.SGD(0.1, clipvalue=1e-6)),
        "gradients-held-back",
    ),
    # Training mode against inference mode.
    Case("normalized, 40 steps", lambda: ask(normalized_briefly()), "moving-statistics"),
    Case("normalized, frozen, 0 to 255", frozen_normalization, "moving-statistics"),
    Case(
        "one output that always says 1",
        lambda: changed(labels=binary)(always_one(), loss="binary_crossentropy"),
        "predictions-collapsed",
    ),
)


def without_last_activation(model: keras.Model) -> keras.Model:
    model.layers[-1].activation = keras.activations.linear
    return model


def bounded_head(activation: str) -> keras.Model:
    return chain(L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(10, activation=activation), L.Softmax())


def dead_output() -> keras.Model:
    return shifted_bias(chain(L.Flatten(), L.Dense(10, activation="relu", name="out")), "out", -50)


def killed(model: keras.Model) -> keras.Model:
    """One epoch at a learning rate a thousand times too high."""
    model = fitted(model, digits(), epochs=1, learning_rate=1.0)
    return shifted_bias(model, "dense_1", -1e4)


def sigmoid_convolutions(depth: int) -> keras.Model:
    layers = [L.Conv2D(8, 3, padding="same", activation="sigmoid") for _ in range(depth)]
    return chain(*layers, L.GlobalAveragePooling2D(), L.Dense(10, activation="softmax"))


def scaled_layer(model: keras.Model, layer: str, factor: float) -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * factor, weights[1]])


def weighed(labels: Any, outputs: Any) -> Any:
    """Cross-entropy that makes far too much of one class."""
    weights = keras.ops.where(keras.ops.equal(keras.ops.reshape(labels, (-1,)), 7), 1e6, 1.0)
    return keras.losses.sparse_categorical_crossentropy(labels, outputs) * weights


def rooted() -> keras.Model:
    """Where the ReLU gives zero the square root's slope is infinite."""
    inputs = keras.Input((28, 28, 1))
    x = keras.ops.sqrt(L.Conv2D(8, 3, activation="relu")(inputs))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.Flatten()(x)))


def one_answer(model: keras.Model, layer: str = "dense_1") -> keras.Model:
    return with_weights(model, layer, lambda weights: [weights[0] * 0.01, weights[1] + 9 * np.eye(10)[4]])


def frozen(model: keras.Model) -> keras.Model:
    model.trainable = False
    return model


def penalized(model: keras.Model, regularizer: Any) -> keras.Model:
    """The model with a penalty on each of its kernels."""
    for weight in model.trainable_variables:
        if len(weight.shape) > 1:
            weight.regularizer = regularizer
    return model


def always_one() -> keras.Model:
    """One sigmoid output after an epoch, whose kernel is small and whose bias is high."""
    model = chain(L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(1, activation="sigmoid", name="lamp"))
    model.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    model.fit(digits().train_images, binary(digits().train_labels), epochs=1, verbose=0)
    return with_weights(model, "lamp", lambda weights: [weights[0] * 0.05, weights[1] + 4])


def named(*names: str) -> list[Case]:
    """Some of the faults, by name."""
    found = [case for case in PLANTED if case.name in names]
    assert len(found) == len(names)
    return [replace(case) for case in found]
