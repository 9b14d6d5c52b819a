"""Each importance finds what it promises to find."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune import plan
from harness.prune.choose.gradients import obd, taylor
from harness.prune.keras_graph.trace import trace
from harness.spec import PruneSpec
from tests.prune.nets import array, chain, randomised, residual

L = keras.layers
FROM_WEIGHTS = ["l1", "l2", "bn_scale", "fpgm"]
FROM_DATA = ["taylor", "activation", "apoz", "obd"]


def kill(model: keras.Model, names: tuple[str, ...], dead: list[int]) -> None:
    """Zero weights and biases of some channels."""
    for layer in (model.get_layer(name) for name in names):
        for weight in layer.weights:
            if "moving" not in weight.name:
                value = array(weight)
                value[..., dead] = 0
                weight.assign(value)


def data(count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, 8, 8, 3)).astype(np.float32), generator.integers(0, 4, count)


@pytest.mark.parametrize("importance", [*FROM_WEIGHTS, *FROM_DATA])
def test_dead_channels_are_found(importance: str) -> None:
    """Also where several layers compute the channel, and the dead part of one is no proof of death."""
    model = randomised(residual())
    kill(model, ("stem", "stem_bn", "branch", "branch_bn"), [1, 5])
    kill(model, ("branch", "branch_bn"), [2, 3])
    kill(model, ("deep",), [0, 4])
    kill(model, ("hidden",), [7, 9, 11])
    options = {} if importance in FROM_WEIGHTS else {"examples": data()[0], "labels": data()[1]}
    kept = plan(model, PruneSpec(ratio=0.25, importance=importance), **options).kept
    assert kept["stem"] == kept["branch"] == (0, 2, 3, 4, 6, 7)
    assert kept["deep"] == (1, 2, 3, 5, 6, 7, 8, 9)
    assert kept["hidden"] == (0, 1, 2, 3, 4, 5, 6, 8, 10)


def test_taylor_is_the_change_of_the_loss() -> None:
    """Against finite differences: scaling a channel by 1 - e changes the loss by e times the sum of w and dL/dw."""
    images, labels = data(16)
    model = randomised(
        keras.Sequential(
            [keras.Input((8, 8, 3)), L.Conv2D(4, 3, name="conv"), L.Flatten(), L.Dense(4, activation="softmax")]
        )
    )
    scores = taylor(model, trace(model), [images], [labels])[:4]
    loss = keras.losses.SparseCategoricalCrossentropy()
    kernel, bias, step = array(model.get_layer("conv").kernel), array(model.get_layer("conv").bias), 1e-2
    for channel in range(4):
        losses = []
        for sign in (-1, 1):
            factor = np.ones(4, np.float32)
            factor[channel] += sign * step
            model.get_layer("conv").kernel.assign(kernel * factor)
            model.get_layer("conv").bias.assign(bias * factor)
            losses.append(float(loss(labels, model(images))))
        assert abs(losses[1] - losses[0]) / (2 * step) == pytest.approx(scores[channel], rel=0.03)


def normalised(**options: bool) -> keras.Model:
    """A convolution, its BatchNormalization, and a classifier; with random weights, but for scale and offset."""
    layers = [
        L.Conv2D(6, 3, use_bias=False, name="conv"),
        L.BatchNormalization(name="bn", **options),
        L.ReLU(),
        L.Flatten(),
        L.Dense(4, activation="softmax", name="out"),
    ]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    generator = np.random.default_rng(0)
    for name, weight in [("conv", "kernel"), ("out", "kernel"), ("bn", "moving_mean")]:
        chosen = getattr(model.get_layer(name), weight)
        chosen.assign(generator.normal(0.0, 0.4, chosen.shape))
    return model


@pytest.mark.parametrize("importance", [taylor, obd])
@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_a_normalization_without_scale_or_offset_is_one_with_a_scale_of_one(
    importance: Any, options: dict[str, bool]
) -> None:
    images, labels = data()
    expected = importance(normalised(), trace(normalised()), [images], [labels])
    found = importance(normalised(**options), trace(normalised(**options)), [images], [labels])
    assert (expected[:6] > 0).all()
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("importance", [taylor, obd])
def test_frozen_layers_are_ranked_as_others_are(importance: Any) -> None:
    images, labels = data()
    frozen, free = randomised(chain_of_convolutions()), randomised(chain_of_convolutions())
    frozen.trainable = False
    expected = importance(free, trace(free), [images], [labels])
    np.testing.assert_allclose(importance(frozen, trace(frozen), [images], [labels]), expected, rtol=1e-4)
    assert (expected > 0).all()
    assert not frozen.trainable_weights


def chain_of_convolutions() -> keras.Model:
    layers = [L.Conv2D(4, 3, activation="tanh"), L.Conv2D(5, 3), L.BatchNormalization(), L.Flatten(), L.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers, L.Softmax()])


def test_apoz_removes_what_is_mostly_zero_and_activation_what_is_small() -> None:
    """Channel 0 is almost always zero but large when it is not; channel 1 is always there, and small."""
    model = keras.Sequential([keras.Input((2,)), L.Dense(4, activation="relu", name="hidden"), L.Dense(2, name="out")])
    kernel = np.array([[100.0, 0.0, 5.0, 5.0], [0.0, 0.01, 5.0, 5.0]], np.float32)
    model.get_layer("hidden").set_weights([kernel, np.array([-100.0, 0.0, 0.0, 0.0], np.float32)])
    examples = np.random.default_rng(0).random((64, 2)).astype(np.float32)
    examples[:2, 0] = 10.0
    assert plan(model, PruneSpec(ratio=0.25, importance="apoz"), examples=examples).kept["hidden"] == (1, 2, 3)
    assert plan(model, PruneSpec(ratio=0.25, importance="activation"), examples=examples).kept["hidden"] == (0, 2, 3)


def test_fpgm_removes_a_filter_that_others_replace() -> None:
    model = keras.Sequential([keras.Input((3,)), L.Dense(4, name="hidden"), L.Dense(2)])
    kernel = np.array([[3.0, 0, 0, 1.0], [0, 3.0, 0, 1.0], [0, 0, 3.0, 1.0]], np.float32)
    model.get_layer("hidden").set_weights([kernel, np.zeros(4, np.float32)])
    assert plan(model, PruneSpec(ratio=0.25, importance="fpgm")).kept["hidden"] == (0, 1, 2)


def test_the_gradients_leave_the_model_alone() -> None:
    model = randomised(residual())
    before = [array(weight) for weight in model.weights]
    harness.prune(model, ratio=0.5, importance="taylor", data=data())
    for old, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, array(weight))


@pytest.mark.parametrize("importance", FROM_DATA)
def test_an_importance_that_needs_data_says_so(importance: str) -> None:
    with pytest.raises(PruneError, match=r"data=images or --data NAME"):
        plan(chain(), PruneSpec(ratio=0.5, importance=importance))


@pytest.mark.parametrize("importance", ["taylor", "obd"])
def test_an_importance_that_needs_labels_says_so(importance: str) -> None:
    with pytest.raises(PruneError, match="needs labels"):
        plan(residual(), PruneSpec(ratio=0.5, importance=importance), examples=data()[0])


def test_data_that_does_not_fit_is_refused() -> None:
    with pytest.raises(PruneError, match="don't fit the model's inputs"):
        plan(chain(), PruneSpec(ratio=0.5, importance="apoz"), examples=data()[0])
    with pytest.raises(PruneError, match="one label an example"):
        plan(residual(), PruneSpec(ratio=0.5, importance="taylor"), examples=data()[0], labels=data()[1][:-1])
