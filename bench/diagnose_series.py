"""Where the thresholds of `harness diagnose` come from: `python -m bench.diagnose_thresholds`, about ten minutes.

Each series turns one knob, measures what a check looks at before any training, and then trains for three epochs, or
eight where weights shrink slowly. The tables go to bench/results/diagnose-thresholds.md.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

import models
from harness.diagnose.checks.data.rows import similarity
from harness.diagnose.checks.loss.penalties import outpaces, outweighs
from harness.diagnose.checks.signal.activations import growth, shrinkage
from harness.diagnose.checks.signal.dead import most_dead
from harness.diagnose.checks.signal.gradients import fading
from harness.diagnose.checks.signal.noise import signal
from harness.diagnose.checks.signal.within import is_hidden_softmax
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.lost import lost_share
from harness.diagnose.evidence.scaling import entering, first_layer
from harness.diagnose.question.optimizers import with_rate
from harness.diagnose.question.question import read_question
from harness.stats.learned import chance_level, learned
from tests.diagnose.cases import held_out
from tests.diagnose.cases.case import SPARSE, Asked, L, chain, dense_chain, digits, fitted
from tests.diagnose.cases.healthy import HEALTHY
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

RESULTS = Path(__file__).parent / "results"
EPOCHS = 3
EXAMPLES = 1500
APPLICATION_NAMES = ("MobileNetV3Large", "EfficientNetB1")  # minutes, for what the sweep says already

Measure = Callable[[Evidence], float | None]


@dataclass(frozen=True)
class Series:
    """One knob: its points, and what the check measures at each."""

    title: str
    measured: str
    measure: Measure
    points: Sequence[tuple[str, Callable[[], Asked]]]
    epochs: int = EPOCHS


@dataclass(frozen=True)
class Point:
    """What was measured, and how the training went."""

    name: str
    value: float | None
    accuracies: tuple[float, ...]
    learned: bool

    @property
    def row(self) -> str:
        value = "none" if self.value is None else f"{self.value:.3g}"
        accuracies = ", ".join(f"{100 * accuracy:.0f} %" for accuracy in self.accuracies)
        return f"| {self.name} | {value} | {accuracies} | {'yes' if self.learned else 'no'} |"


def asked(model: keras.Model, scale: float = 1.0, **options: Any) -> Asked:
    """A network on digits whose pixels go from 0 to `scale`."""
    data = digits(color=model.input_shape[-1] == 3, limit=EXAMPLES)
    return Asked(model, data.train_images * np.float32(scale), data.train_labels, {"loss": SPARSE, **options})


def hidden(model: keras.Model) -> keras.Model:
    """The network with a Reshape after its Softmax."""
    return keras.Model(model.inputs[0], L.Reshape((1, 10), name="after_softmax")(model.outputs[0]))


def lost(evidence: Evidence) -> float | None:
    return lost_share(evidence, evidence.after)


def input_rms(evidence: Evidence) -> float:
    return evidence.before.forward.input_rms


def dead(evidence: Evidence) -> float:
    return max(most_dead(evidence)[1:])


def spike(evidence: Evidence) -> float:
    highest = max(loss if math.isfinite(loss) else math.inf for loss in evidence.losses)
    return highest / evidence.losses[0]


def fall(evidence: Evidence) -> float:
    return 1 - evidence.losses[-1] / evidence.losses[0]


def surprise(evidence: Evidence) -> float:
    return evidence.before.backward.loss / math.log(10)


def lost_classes(evidence: Evidence) -> float:
    logits = evidence.after.forward.logits
    return float((logits <= 0).all(axis=0).sum())


def outweighed(evidence: Evidence) -> float:
    return outweighs(evidence) or 0.0


def outpaced(evidence: Evidence) -> float:
    return outpaces(evidence) or 0.0


def alike(evidence: Evidence) -> float:
    network = evidence.network
    first = first_layer(network)
    assert first is not None
    return entering(network, first, evidence.batch.images).differs


def softmaxes(evidence: Evidence) -> float:
    return float(sum(is_hidden_softmax(evidence, call) for call in evidence.network.calls))


def left(evidence: Evidence) -> float:
    return evidence.losses[-1] / math.log(10)


def lightened(model: keras.Model, share: float) -> Asked:
    """A network on digits that are all white but for a share of themselves."""
    given = asked(model)
    return replace(given, images=1 + np.float32(share) * (given.images - np.float32(0.5)))


def drawn(*between: Any, width: int = 64) -> keras.Model:
    return chain(L.Flatten(), L.Dense(width, activation="relu"), *between, L.Dense(10, activation="softmax"))


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
                "LeNet": lambda: held_out.lenet("relu"),
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
                "LeNet": lambda weights: held_out.lenet("relu", kernel_initializer=weights),
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
            ("LeNet, four", lambda: asked(held_out.lenet("softmax"))),
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


def captcha_without_softmax() -> keras.Model:
    model = captcha()
    return keras.Model(model.input, model.layers[-2].output)


def tried(name: str, make: Callable[[], Asked], series: Series, seed: int) -> Point:
    """Measure, then train."""
    keras.utils.set_random_seed(seed)
    given = make()
    question = read_question(given.model, given.images, given.labels, **given.options)
    value = series.measure(Evidence(question))
    model = given.model
    targets = given.labels.reshape((-1, *model.output_shape[1:-1]))
    model.compile(
        optimizer=with_rate(question.optimizer, question.learning_rate),
        loss=SPARSE,
        metrics=["accuracy"],
        jit_compile=False,
    )
    history = model.fit(given.images, targets, batch_size=64, epochs=series.epochs, verbose=0).history
    accuracies = tuple(history["accuracy"])
    judged = learned(accuracies[-1], chance_level(given.labels), len(targets), history["loss"])
    keras.backend.clear_session()
    return Point(name, value, accuracies, judged)


def rows() -> list[str]:
    """How alike rows of a trained kernel are that belong to neighbouring pixels, and rows at any other distance."""
    lines = ["| filters | at the right distance | best at another |", "|---|---|---|"]
    for filters in (4, 8, 16, 32):
        keras.utils.set_random_seed(filters)
        model = fitted(single(filters=filters), digits(limit=EXAMPLES))
        kernel = np.asarray(model.get_layer("dense_1").get_weights()[0])
        found = similarity(kernel, 2 * filters + 32)
        others = np.delete(found, filters - 1).max()
        lines.append(f"| {filters} | {found[filters - 1]:.2f} | {others:.2f} |")
    return lines


def extremes() -> list[str]:
    """The furthest that any healthy network goes towards each threshold."""
    measures = {"activations-shrink": shrinkage, "activations-explode": growth, "gradients-vanish": inverse(fading)}
    measures |= {"dead-units": dead, "output-saturated": surprise}
    measures |= {"penalty-drowns-loss": outweighed, "weight-decay-high": outpaced}
    furthest = dict.fromkeys(measures, (0.0, ""))
    for case in (*HEALTHY, *held_out.HEALTHY):
        if case.name in APPLICATION_NAMES:
            continue
        keras.utils.set_random_seed(1)
        given = case.make()
        evidence = Evidence(read_question(given.model, given.images, given.labels, **{"loss": SPARSE, **given.options}))
        for kind, measure in measures.items():
            furthest[kind] = max(furthest[kind], (measure(evidence), case.name))
        sys.stderr.write(f"healthy: {case.name}\n")
        keras.backend.clear_session()
    rows = [f"| {kind} | {value:.3g} | {name} |" for kind, (value, name) in furthest.items()]
    return ["| | furthest | network |", "|---|---|---|", *rows]


def inverse(measure: Callable[[Evidence], float]) -> Callable[[Evidence], float]:
    return lambda evidence: 1 / measure(evidence)


def main() -> None:
    lines = [
        "# Where the thresholds of `harness diagnose` come from",
        "",
        f"Made by `python -m bench.diagnose_thresholds`: {EXAMPLES} digits, {EPOCHS} epochs of batches of 64 (8 of "
        "penalties and decay), Adam; "
        f"Keras {keras.__version__} on {keras.backend.backend()}. `learned` as in harness/stats/learned.py.",
    ]
    for series in SERIES:
        lines += ["", f"## {series.title}", "", f"| | {series.measured} | accuracy of each epoch | learned |"]
        lines.append("|---|---|---|---|")
        for seed, (name, make) in enumerate(series.points):
            point = tried(name, make, series, seed)
            sys.stderr.write(f"{series.title}: {point.row}\n")
            lines.append(point.row)
        write(lines)
    lines += ["", "## rows-misordered: correlation of rows of a trained kernel after Flatten", "", *rows()]
    write(lines)
    lines += ["", "## The healthy networks: how far any of them goes", ""]
    lines += ["gradients-vanish as last gradient / first gradient.", "", *extremes()]
    write(lines)


def write(lines: Sequence[str]) -> None:
    """After each series, since what is finished is worth keeping."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "diagnose-thresholds.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
