"""Layers that are reached in more than one way, models that were compiled, and what can't run here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import UnprovableError
from harness.prune import apply, plan
from harness.prune.keras_graph import registry
from harness.prune.keras_graph.logits import logit_network
from harness.spec import PruneSpec
from tests.prune.nets import array, chain, randomised

L = keras.layers


def in_a_model_and_outside() -> keras.Model:
    """A Dense that a model inside the model uses too."""
    shared = L.Dense(6, name="shared")
    given = keras.Input((6,))
    inner = keras.Model(given, L.ReLU()(shared(given)), name="inner")
    vector = keras.Input((6,))
    hidden = L.Dense(6, name="hidden")(vector)
    return keras.Model(vector, L.Dense(3)(L.Concatenate()([inner(hidden), shared(hidden)])))


def two_depths_of_one_backbone() -> keras.Model:
    """Two models that end at different layers of the same stack."""
    given = keras.Input((8, 8, 2))
    first = L.Conv2D(6, 3, name="first")(given)
    second = L.Conv2D(8, 3, name="second")(first)
    shallow, deep = keras.Model(given, first, name="shallow"), keras.Model(given, second, name="deep")
    image = keras.Input((8, 8, 2))
    pooled = [L.GlobalAveragePooling2D()(model(image)) for model in (shallow, deep)]
    return keras.Model(image, L.Dense(3)(L.Concatenate()(pooled)))


def one_head_in_two_models() -> keras.Model:
    """A Sequential inside two models inside the model."""
    head = keras.Sequential([keras.Input((6,)), L.Dense(8, name="wide"), L.Dense(4, name="narrow")], name="head")

    def around(name: str) -> keras.Model:
        given = keras.Input((6,))
        return keras.Model(given, head(L.ReLU()(given)), name=name)

    vector = keras.Input((6,))
    return keras.Model(vector, L.Dense(3)(L.Add()([around("left")(vector), around("right")(vector)])))


@pytest.mark.parametrize("importance", ["l1", "random"])
@pytest.mark.parametrize("build", [in_a_model_and_outside, two_depths_of_one_backbone, one_head_in_two_models])
def test_a_layer_reached_through_several_models_is_one_layer(build: Any, importance: str) -> None:
    model = randomised(build())
    result = harness.prune(model, ratio=0.5, importance=importance)
    assert result.proven.holds
    assert len(result.report.layers) == len({layer.layer for layer in result.report.layers})
    assert result.report.parameters_after == result.model.count_params() < model.count_params()


def my_loss(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.square(y_true - y_pred))


@pytest.mark.parametrize("functional", [True, False])
def test_a_model_that_was_compiled_with_a_loss_of_ones_own(functional: bool) -> None:
    """Keras could not find it again. The pruned network is not compiled, as the docs say."""
    model = randomised(chain())
    if functional:
        model = keras.Model(model.inputs, model.outputs)
    model.compile("adam", loss=my_loss)
    result = harness.prune(model, ratio=0.5)
    assert result.proven.holds
    assert not result.model.compiled
    assert model.compiled
    assert type(result.model) is type(model)


def channels(first: bool) -> keras.Model:
    """The same network in one data format and the other."""
    order = "channels_first" if first else "channels_last"
    image = keras.Input((3, 10, 10) if first else (10, 10, 3))
    x = image
    for filters in (8, 6):
        x = L.Conv2D(filters, 3, activation="relu", data_format=order)(x)
        x = L.BatchNormalization(axis=1 if first else -1)(x)
    x = L.Concatenate(axis=1 if first else -1)([x, L.Conv2D(4, 1, data_format=order)(x)])
    x = L.MaxPooling2D(2, data_format=order)(x)
    x = L.Flatten(data_format=order)(x)
    return keras.Model(image, L.Dense(5)(L.Dense(12, activation="relu")(x)))


def test_channels_first_is_cut_as_channels_last_is() -> None:
    """TensorFlow runs such convolutions on a GPU only, so the twin that runs anywhere tells what is right."""
    last, first = randomised(channels(first=False)), channels(first=True)
    first.set_weights(last.get_weights())
    plans = [plan(model, PruneSpec(ratio=0.5)) for model in (last, first)]
    assert list(plans[0].kept.values()) == list(plans[1].kept.values())
    pairs = zip(apply(last, plans[0]).weights, apply(first, plans[1]).weights, strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(array(one), array(other))


def every_kind_first() -> keras.Model:
    """Layers with channels first that a CPU may not run, in float64 or at all."""
    order = {"data_format": "channels_first"}
    image = keras.Input((3, 12, 12))
    x = L.DepthwiseConv2D(3, padding="same", **order)(L.Conv2D(8, 3, activation="relu", **order)(image))
    x = L.Conv2D(8, 3, groups=2, padding="same", **order)(L.SeparableConv2D(8, 3, **order)(x))
    x = L.AveragePooling2D(2, **order)(L.Conv2DTranspose(6, 2, strides=2, **order)(x))
    return keras.Model(image, L.Conv2D(3, 1, activation="softmax", **order)(L.BatchNormalization(axis=1)(x)))


@pytest.mark.parametrize("make", [lambda: channels(first=True), every_kind_first])
def test_channels_first_is_proved_wherever_it_may_run(make: Callable[[], keras.Model]) -> None:
    """TensorFlow runs it on a GPU; on a CPU with oneDNN in float32 and not in float64; on others not at all."""
    assert harness.prune(randomised(make()), ratio=0.5).proven.holds


class ElsewhereOnly(L.Layer):  # type: ignore[misc]
    """Can be built on every machine, and runs on none that the tests run on."""

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def call(self, x: Any) -> Any:
        raise RuntimeError("no kernel for this device")


def test_what_does_not_run_here_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_RULES", {**registry._RULES, ElsewhereOnly: lambda site: site.names[0]})
    model = keras.Sequential([keras.Input((4,)), L.Dense(6), ElsewhereOnly(), L.Dense(2)])
    with pytest.raises(UnprovableError, match=r"does not run here \(.*\); prune it where it does$"):
        harness.prune(model, ratio=0.5)


def test_channels_first_computes_what_channels_last_does() -> None:
    last, first = randomised(channels(first=False)), channels(first=True)
    first.set_weights(last.get_weights())
    images = np.random.default_rng(0).normal(size=(4, 10, 10, 3)).astype(np.float32)
    found = logit_network(first).logits([np.moveaxis(images, -1, 1)])[0]
    np.testing.assert_allclose(found, logit_network(last).logits([images])[0], rtol=1e-4, atol=1e-5)
