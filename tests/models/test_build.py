"""The four networks: parameter counts, layers, options, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import models

COUNTS = [
    ("single_conv", {}, 216_650),
    ("deepcaptcha", {}, 342_458),
    ("deepcaptcha", {"padding": "valid"}, 80_314),
    ("eight_class", {"design": "funnel"}, 20_508_968),
]


@pytest.mark.parametrize(("name", "options", "parameters"), COUNTS)
def test_default_networks_have_the_published_parameter_counts(
    name: str, options: dict[str, Any], parameters: int
) -> None:
    assert models.build(name, **options).count_params() == parameters


def test_parameter_counts_computed_by_hand() -> None:
    """Networks whose counts nobody published: colored, and the constant design at 200x200x3."""
    colored = (3 * 9 * 64 + 64) + (64 * 9 * 64 + 64) + (7 * 7 * 64 * 10 + 10)
    constant = (3 * 4 * 256 + 256) + 9 * (256 * 4 * 256 + 256) + (4 * 4 * 256 * 8 + 8)
    assert models.build("colored").count_params() == colored
    assert models.build("eight_class").count_params() == constant


# Feature map before Flatten for each repair suggested in the question about padding, on 28x28 with same padding.
REPAIRS = [
    ({"filters": [32, 48, 64, 64]}, (1, 1, 64), 512),
    ({"last_pool": 4}, (1, 1, 64), 512),
    ({"strides": [1, 1, 2]}, (2, 2, 64), 512),
    ({"filters": [32, 48, 20]}, (3, 3, 20), 512),
    ({"dense_units": 64}, (3, 3, 64), 64),
    ({"last_pool": 3}, (2, 2, 64), 512),
]


@pytest.mark.parametrize(("options", "last_map", "dense_units"), REPAIRS)
def test_repairs_suggested_for_deepcaptcha(
    options: dict[str, Any], last_map: tuple[int, ...], dense_units: int
) -> None:
    model = models.build("deepcaptcha", **options)
    assert model.get_layer("flatten").input.shape[1:] == last_map
    assert model.get_layer("dense_1").units == dense_units


@pytest.mark.parametrize(
    ("reshape", "tail"),
    [("after_softmax", ["dense_2", "reshape"]), ("before_softmax", ["dense_2", "reshape", "softmax"])],
)
def test_reshape_stands_where_asked(reshape: str, tail: list[str]) -> None:
    model = models.build("deepcaptcha", reshape=reshape)
    assert [layer.name for layer in model.layers][-len(tail) :] == tail


@pytest.mark.parametrize(("reshape", "total"), [("after_softmax", 1.0), ("before_softmax", 3.0)])
def test_softmax_covers_all_characters_or_each(reshape: str, total: float) -> None:
    """Before the Reshape one Softmax spans all three characters, as in the question; after it, each has its own."""
    model = models.build("deepcaptcha", n_prediction=3, n_class=5, reshape=reshape)
    output = np.asarray(model(np.ones((2, 28, 28, 1), np.float32)))
    assert output.shape == (2, 3, 5)
    np.testing.assert_allclose(output.sum(axis=(1, 2)), total, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "conv", "head"),
    [({}, "linear", "relu"), ({"conv_activation": "relu", "head_activation": "none"}, "relu", "linear")],
)
def test_colored_activations(given: dict[str, Any], conv: str, head: str) -> None:
    model = models.build("colored", **given)
    used = [model.get_layer(name).activation.__name__ for name in ("conv_1", "conv_2", "dense_1")]
    assert used == [conv, conv, head]
    assert model.layers[-1].name == "softmax"


def test_none_is_the_same_as_its_name() -> None:
    """TOML has no None, Python has: both spell 'no activation'."""
    model = models.build("colored", head_activation=None)
    assert model.get_layer("dense_1").activation.__name__ == "linear"


def test_constant_design_as_in_the_question() -> None:
    """Ten 2x2 valid convolutions of 256 filters, five poolings, dropout."""
    layers = models.build("eight_class").layers
    convs = [layer for layer in layers if layer.name.startswith("conv")]
    assert [(conv.filters, conv.kernel_size, conv.padding) for conv in convs] == [(256, (2, 2), "valid")] * 10
    assert sum(layer.name.startswith("pool") for layer in layers) == 5
    assert all(layer.rate > 0 for layer in layers if layer.name.startswith("dropout"))


def test_eight_class_options_replace_the_design() -> None:
    model = models.build(
        "eight_class",
        input_shape=(64, 64, 3),
        filters=[8, 12],
        kernel_size=3,
        padding="same",
        dropout=0,
        dense_units=20,
        initializer="he_normal",
    )
    convs = [layer for layer in model.layers if layer.name.startswith("conv")]
    assert [(conv.filters, conv.kernel_size, conv.padding) for conv in convs] == [
        (8, (3, 3), "same"),
        (8, (3, 3), "same"),
        (12, (3, 3), "same"),
        (12, (3, 3), "same"),
    ]
    assert type(convs[0].kernel_initializer).__name__ == "HeNormal"
    assert not any(layer.name.startswith("dropout") for layer in model.layers)
    assert [model.get_layer(name).units for name in ("dense_1", "dense_2")] == [20, 8]


def test_one_width_for_all_blocks_and_a_longer_funnel() -> None:
    """A single number is repeated; blocks beyond the design's own go on with its last kernel."""
    constant = models.build("eight_class", filters=4, input_shape=(94, 94, 3))
    assert [layer.filters for layer in constant.layers if layer.name.startswith("conv")] == [4] * 10
    funnel = models.build("eight_class", design="funnel", filters=[4, 4, 4, 4], input_shape=(32, 32, 3))
    assert [layer.kernel_size[0] for layer in funnel.layers if layer.name.startswith("conv")] == [5, 3, 3, 3]


@pytest.mark.parametrize("name", models.names())
def test_layer_names_are_unique_and_output_is_a_distribution(name: str) -> None:
    model = models.build(name, input_shape=(100, 100, 3), n_class=4)
    layer_names = [layer.name for layer in model.layers]
    assert len(set(layer_names)) == len(layer_names)
    output = np.asarray(model(np.zeros((1, 100, 100, 3), np.float32)))
    assert output.shape[-1] == 4
    np.testing.assert_allclose(output.sum(axis=-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", models.names())
def test_options_are_what_build_takes(name: str) -> None:
    """Every default listed can be passed back, and gives the same network."""
    options = models.options(name)
    assert {"input_shape", "n_class", "filters"} <= set(options)
    assert models.build(name, **options).count_params() == models.build(name).count_params()


REFUSED = [
    ("lenet", {}, "model = 'lenet' is unknown; use one of single_conv, deepcaptcha, colored, eight_class"),
    ("single_conv", {"paddding": "same"}, "paddding is not an option of single_conv; use one of"),
    ("single_conv", {"padding": "smae"}, "padding = 'smae' is unknown; use one of same, valid"),
    ("single_conv", {"filters": 0}, "filters = 0 can't be used; give a whole number of at least 1"),
    ("single_conv", {"filters": True}, "filters = True can't be used"),
    ("single_conv", {"n_class": 1}, "n_class = 1 can't be used; give a whole number of at least 2"),
    ("single_conv", {"input_shape": [28, 28]}, "input_shape = [28, 28] can't be used; give [height, width, channels]"),
    ("deepcaptcha", {"filters": [32, 0]}, "filters = [32, 0] can't be used; give a list of whole numbers"),
    ("deepcaptcha", {"filters": 32}, "filters = 32 can't be used; give a list of whole numbers"),
    ("deepcaptcha", {"strides": [1, 2]}, "strides = [1, 2] has 2 values; give 3, one for each convolution block"),
    ("deepcaptcha", {"reshape": "last"}, "reshape = 'last' is unknown; use one of after_softmax, before_softmax"),
    ("colored", {"filters": [64]}, "filters = [64] has 1 values; give 2"),
    ("colored", {"conv_activation": "gelu"}, "conv_activation = 'gelu' is unknown; use one of none, relu"),
    ("eight_class", {"design": "wide"}, "design = 'wide' is unknown; use one of constant, funnel"),
    ("eight_class", {"dropout": 1.0}, "dropout = 1.0 can't be used; give a number from 0 up to"),
    ("eight_class", {"kernel_size": [2, 2]}, "kernel_size = [2, 2] has 2 values; give 5"),
    ("eight_class", {"initializer": "magic"}, "initializer = 'magic' is unknown; use one of glorot_uniform"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED)
@pytest.mark.parametrize("refuse", [models.build, models.check])
def test_wrong_options_are_refused_in_one_line(
    name: str, options: dict[str, Any], message: str, refuse: Callable[..., object]
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        refuse(name, **options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


TOO_SMALL = [
    ("deepcaptcha", {"padding": "valid"}, 21, "pool_3", "use larger images or padding = 'same'"),
    ("single_conv", {}, 2, "conv_1", "use larger images or padding = 'same'"),
    ("colored", {}, 3, "pool_2", "use larger images"),
    ("eight_class", {"filters": 4}, 93, "pool_5", "use larger images or padding = 'same'"),
]


@pytest.mark.parametrize(("name", "options", "side", "layer", "cure"), TOO_SMALL)
def test_too_small_an_image_names_the_layer_and_one_pixel_more_is_enough(
    name: str, options: dict[str, Any], side: int, layer: str, cure: str
) -> None:
    """Our geometry says no exactly where Keras could not build the network."""
    with pytest.raises(ValueError, match="input_shape") as caught:
        models.build(name, input_shape=(side, side, 3), **options)
    assert f"too small: {layer} gets" in str(caught.value)
    assert str(caught.value).endswith(cure)
    assert models.build(name, input_shape=(side + 1, side + 1, 3), **options).count_params() > 0


def test_listing_and_checking_networks_does_not_import_keras() -> None:
    """A mistake in a study is found before anybody waits for Keras."""
    code = (
        "import sys, models; [(models.options(name), models.check(name)) for name in models.names()];"
        "sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
