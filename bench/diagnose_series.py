"""The series that thresholds of `harness diagnose` come from: each turns one knob, and measures something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

import models
from bench.diagnose_measures import (
    Measure,
    alike,
    dead,
    fall,
    input_rms,
    left,
    lost,
    lost_classes,
    outpaced,
    outweighed,
    softmaxes,
    spike,
    surprise,
)
from harness.diagnose.checks.signal.activations import growth, shrinkage
from harness.diagnose.checks.signal.gradients import fading
from harness.diagnose.checks.signal.noise import signal
from tests.diagnose.cases.case import SPARSE, Asked, L, chain, dense_chain, digits
from tests.diagnose.cases.held_out.networks import lenet
from tests.diagnose.cases.networks import (
    behind,
    captcha,
    colored,
    convolution,
    normal,
    penalized,
    single,
    without_last_activation,
)
from tests.diagnose.cases.weights import scaled_layer, shifted_bias

EPOCHS = 3
EXAMPLES = 1500


@dataclass(frozen=True)
class Series:
    """One knob: its points, and what the check measures at each."""

    title: str
    measured: str
    measure: Measure
    points: Sequence[tuple[str, Callable[[], Asked]]]
    epochs: int = EPOCHS


def asked(model: keras.Model, scale: float = 1.0, **options: Any) -> Asked:
    """A network on digits whose pixels go from 0 to `scale`."""
    data = digits(color=model.input_shape[-1] == 3, limit=EXAMPLES)
    return Asked(model, data.train_images * np.float32(scale), data.train_labels, {"loss": SPARSE, **options})


def hidden(model: keras.Model) -> keras.Model:
    """The network with a Reshape after its Softmax."""
    return keras.Model(model.inputs[0], L.Reshape((1, 10), name="after_softmax")(model.outputs[0]))


def lightened(model: keras.Model, share: float) -> Asked:
    """A network on digits that are all white but for a share of themselves."""
    given = asked(model)
    return replace(given, images=1 + np.float32(share) * (given.images - np.float32(0.5)))


def drawn(*between: Any, width: int = 64) -> keras.Model:
    """A Dense layer, and what draws between it and the last one."""
    return chain(L.Flatten(), L.Dense(width, activation="relu"), *between, L.Dense(10, activation="softmax"))


def captcha_without_softmax() -> keras.Model:
    """It ends in its logits."""
    model = captcha()
    return keras.Model(model.input, model.layers[-2].output)


PENALIZED = {"dense 64": lambda: dense_chain(1, "relu"), "dense 4x64": lambda: dense_chain(4, "relu")}
PENALIZED |= {"single_conv": single, "deepcaptcha": captcha}
RATES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
SERIES: tuple[Series, ...] = (
    Series(
        "activations-shrink: eight Dense layers with ReLU, normal initial weights",
        "largest spread / last spread",
        shrinkage,
        [
            (f"deviation {s}", lambda s=s: asked(dense_chain(8, "relu", normal(s))))
            for s in (0.15, 0.08, 0.05, 0.03, 0.02)
        ],
    ),
    Series(
        "activations-explode: six Dense layers with ReLU, normal initial weights",
        "largest spread / input",
        growth,
        [(f"deviation {s}", lambda s=s: asked(dense_chain(6, "relu", normal(s)))) for s in (0.15, 0.2, 0.3, 0.4, 0.6)],
    ),
    Series(
        "gradients-vanish: Dense layers with sigmoid",
        "first gradient / last gradient",
        fading,
        [(f"{n} layers", lambda n=n: asked(dense_chain(n, "sigmoid"))) for n in range(1, 7)],
    ),
    Series(
        "inputs-unscaled: one convolution, pixels from 0 to",
        "root mean square of the inputs",
        input_rms,
        [(f"{top:g}", lambda top=top: asked(single(), top)) for top in (1e-4, 1e-3, 0.01, 0.1, 1, 16, 64, 128, 255)],
    ),
    Series(
        "inputs-unscaled: images of 1 and a share of themselves",
        "difference between images, of their size",
        alike,
        [
            (f"{name}, {share:g}", lambda make=make, share=share: lightened(make(), share))
            for name, make in {
                "single_conv": single,
                "dense 64": lambda: dense_chain(1, "relu"),
                "LeNet": lambda: lenet("relu"),
            }.items()
            for share in (1, 0.3, 0.1, 0.03, 0.01)
        ],
    ),
    Series(
        "activations-explode: how high the loss is after ten steps, normal initial weights",
        "loss after ten steps / ln 10",
        left,
        [
            (f"{name}, deviation {s:g}", lambda make=make, s=s: asked(make(normal(s))))
            for name, make in {
                "dense, 1 layer": lambda weights: dense_chain(1, "relu", weights),
                "dense, 2 layers": lambda weights: dense_chain(2, "relu", weights),
                "LeNet": lambda weights: lenet("relu", kernel_initializer=weights),
            }.items()
            for s in (0.3, 1, 2, 5)
        ],
    ),
    Series(
        "dropout-high: Dropout before the last layer, or after a convolution",
        "variance between images / between draws",
        signal,
        [
            (f"{name}, {rate:g}", lambda make=make, rate=rate: asked(make(L.Dropout(rate))))
            for name, make in {
                "dense 64": drawn,
                "dense 512": lambda dropout: drawn(dropout, width=512),
                "convolution": lambda dropout: behind(L.Conv2D(8, 3, activation="relu"), dropout),
            }.items()
            for rate in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
        ],
    ),
    Series(
        "softmax-within: hidden layers with a Softmax",
        "of these layers",
        softmaxes,
        [
            ("dense, none", lambda: asked(dense_chain(1, "relu"))),
            ("dense, one", lambda: asked(dense_chain(1, "softmax"))),
            ("dense, two", lambda: asked(dense_chain(2, "softmax"))),
            ("convolution, one", lambda: asked(convolution("softmax"))),
            ("LeNet, four", lambda: asked(lenet("softmax"))),
        ],
    ),
    Series(
        "softmax-hidden: a Reshape after the Softmax, pixels from 0 to",
        "lost share of the examples after ten steps",
        lost,
        [
            (f"{name}, {top}", lambda make=make, top=top: asked(hidden(make()), top))
            for name, make in {
                "dense 64": lambda: dense_chain(1, "relu"),
                "single_conv": lambda: models.build("single_conv"),
                "deepcaptcha": lambda: models.build("deepcaptcha", reshape="before_softmax"),
                "deepcaptcha, valid": lambda: models.build("deepcaptcha", reshape="before_softmax", padding="valid"),
            }.items()
            for top in (32, 96, 255)
        ],
    ),
    Series(
        "clipped-logits: the colored-digit network of 16 filters, seed",
        "classes lost after ten steps",
        lost_classes,
        [(str(seed), lambda: asked(colored(head_activation="relu"))) for seed in range(5)],
    ),
    Series(
        "from-logits: no Softmax",
        "lost share of the examples after ten steps",
        lost,
        [
            ("single_conv", lambda: asked(without_last_activation(single()))),
            ("dense 64", lambda: asked(without_last_activation(dense_chain(1, "relu")))),
            ("deepcaptcha", lambda: asked(captcha_without_softmax())),
        ],
    ),
    Series(
        "dead-units: the bias of the only convolution less",
        "dead share",
        dead,
        [
            (f"{s}", lambda s=s: asked(shifted_bias(single(filters=16), "conv_1", -s)))
            for s in (0, 0.2, 0.4, 0.6, 0.8, 2)
        ],
    ),
    Series(
        "output-saturated: the last layer's kernel times",
        "loss / ln 10",
        surprise,
        [(f"{s}", lambda s=s: asked(scaled_layer(single(), "dense_1", s))) for s in (1, 5, 20, 100, 400)],
    ),
    Series(
        "learning-rate-high: Adam",
        "highest loss / first loss in ten steps",
        spike,
        [
            (f"{name}, {r:g}", lambda make=make, r=r: asked(make(), learning_rate=r))
            for name, make in {"single_conv": single, "deepcaptcha": captcha}.items()
            for r in RATES[3:]
        ],
    ),
    Series(
        "learning-rate-low: Adam",
        "share of the loss that ten steps take off",
        fall,
        [
            (f"{name}, {r:g}", lambda make=make, r=r: asked(make(), learning_rate=r))
            for name, make in {"single_conv": single, "deepcaptcha": captcha}.items()
            for r in RATES[:4]
        ],
    ),
    Series(
        "penalty-drowns-loss: L2 on every kernel",
        "gradient of the penalties / gradient of the loss",
        outweighed,
        [
            (f"{name}, {s:g}", lambda make=make, s=s: asked(penalized(make(), keras.regularizers.L2(s))))
            for name, make in PENALIZED.items()
            for s in (0.001, 0.01, 0.1, 1)
        ],
        epochs=8,
    ),
    Series(
        "weight-decay-high: AdamW",
        "way of the decay / way of the loss in ten steps (0: under 1/2)",
        outpaced,
        [
            (f"{name}, {d:g}", lambda make=make, d=d: asked(make(), optimizer=keras.optimizers.AdamW(1e-3, d)))
            for name, make in PENALIZED.items()
            for d in (1, 10, 30, 100)
        ],
        epochs=8,
    ),
)
