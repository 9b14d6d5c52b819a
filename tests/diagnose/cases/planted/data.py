"""Faults of data, labels and shapes, and of rows that meet the wrong data."""

from __future__ import annotations

import numpy as np

from tests.diagnose.cases.case import Case, L, ask, one_hot
from tests.diagnose.cases.given import changed, color, color_40, half_black, holed
from tests.diagnose.cases.networks import captcha, colored, flexible, funnel, single
from tests.diagnose.cases.weights import broken_weights, channels_first, cut, first_rows

CASES: tuple[Case, ...] = (
    # Images that are equal.
    Case("single_conv, black images", lambda: changed(images=np.zeros_like)(single()), "images-equal"),
    Case(
        "eight_class, one image", lambda: changed(color_40(), images=lambda x: x * 0 + x[:1])(funnel()), "images-equal"
    ),
    Case("single_conv, one in two images black", lambda: changed(images=half_black)(single()), "labels-contradict"),
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
    # Rows that meet other pixels and channels than those they were trained for.
    Case("removed filter as asked", lambda: ask(first_rows(32, 1)), "rows-misordered"),
    Case("four of 16 filters removed, first rows", lambda: ask(first_rows(16, 4)), "rows-misordered"),
    Case("a kernel with channels first", lambda: ask(cut(16, 0, channels_first)), "rows-misordered"),
)
