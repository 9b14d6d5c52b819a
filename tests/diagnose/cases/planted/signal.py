"""Faults of the signal, the gradient and the steps."""

from __future__ import annotations

import keras

from tests.diagnose.cases.case import Case, L, ask, chain, dense_chain, digits, one_hot
from tests.diagnose.cases.given import changed, color, color_40, stuck_history, weighed
from tests.diagnose.cases.networks import (
    behind,
    captcha,
    colored,
    constant,
    convolution,
    dropped,
    funnel,
    normal,
    rooted,
    sigmoid_convolutions,
    single,
)
from tests.diagnose.cases.weights import (
    dead_output,
    filled,
    frozen_normalization,
    killed,
    normalized_briefly,
    scaled_layer,
    shifted_bias,
    times,
)

CASES: tuple[Case, ...] = (
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
    # The scale of the inputs.
    Case("single_conv, 0 to 255", lambda: ask(single(), digits("raw")), "inputs-unscaled"),
    Case("deepcaptcha, 0 to 255", lambda: ask(captcha(), digits("raw")), "inputs-unscaled"),
    Case("colored, 0 to 255", lambda: ask(colored(), digits("raw", color=True)), "inputs-unscaled"),
    Case("eight_class, 0 to 255", lambda: ask(funnel(), digits("raw", color=True, side=40)), "inputs-unscaled"),
    Case("single_conv, divided twice", lambda: changed(images=lambda x: x / 255)(single()), "inputs-unscaled"),
    Case("deepcaptcha, divided twice", lambda: changed(images=lambda x: x / 255)(captcha()), "inputs-unscaled"),
    # No gradient at all.
    Case("a dead output", lambda: changed(labels=one_hot)(dead_output(), loss="mse"), "zero-gradient"),
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
    # Gradients that are held back.
    Case(
        "deepcaptcha, SGD clipped to 1e-6",
        lambda: ask(captcha(), optimizer=keras.optimizers.SGD(0.1, clipvalue=1e-6)),
        "gradients-held-back",
    ),
    # Training mode against inference mode.
    Case("normalized, 40 steps", lambda: ask(normalized_briefly()), "moving-statistics"),
    Case("normalized, frozen, 0 to 255", frozen_normalization, "moving-statistics"),
)
