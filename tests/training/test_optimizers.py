"""What each kernel is trained by."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from harness.spec import TrainSpec
from harness.training.optimizers import optimizer_for
from harness.training.train import train

RATE = 1e-3
RNG = np.random.default_rng(0)
IMAGES = RNG.random((64, 8, 8, 1), dtype=np.float32)
LABELS = RNG.integers(0, 4, 64)


def network(last: str = "last") -> keras.Sequential:
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Conv2D(4, 3, name="conv", activation="relu"), keras.layers.Flatten(),
        keras.layers.Dense(16, name="hidden", activation="tanh"),
        keras.layers.Dense(4, name=last, activation="softmax"),
    ]  # fmt: skip
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


@pytest.mark.parametrize("last", ["last", "hid", "h.dden"])
def test_muon_steps_are_orthogonal_for_matrices_and_adam_s_for_the_rest(last: str) -> None:
    """Adam's first step is its rate for each weight; of Muon's most singular values are about alike."""
    model = network(last)
    before = kernels(model)
    train(model, IMAGES, LABELS, TrainSpec(epochs=1, batch_size=64, optimizer="muon", learning_rate=RATE), seed=0)
    steps = {name: kernel - before[name] for name, kernel in kernels(model).items()}
    values = np.linalg.svd(steps["hidden"], compute_uv=False)
    assert values.max() < 2 * np.median(values)
    assert np.abs(steps["hidden"]).std() > 0.3 * np.abs(steps["hidden"]).mean()
    for name in ("conv", last):
        moved = np.abs(steps[name])[np.abs(steps[name]) > 0]
        assert np.median(moved) == pytest.approx(RATE, rel=0.05)


def kernels(model: keras.Model) -> dict[str, np.ndarray]:
    """By the layer's name."""
    return {layer.name: layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")}


def test_a_network_without_a_matrix_is_trained_by_muon_s_adam() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 8), keras.layers.Flatten()])
    assert isinstance(optimizer_for(model, TrainSpec(optimizer="muon")), keras.optimizers.Muon)
    history = train(model, IMAGES, LABELS, TrainSpec(epochs=3, optimizer="muon"), seed=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop", "muon"])
def test_the_rate_is_the_spec_s_or_the_schedule_given(name: str) -> None:
    spec = TrainSpec(optimizer=name, learning_rate=0.25)
    assert float(optimizer_for(network(), spec).learning_rate) == pytest.approx(0.25)
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 100)
    assert float(optimizer_for(network(), spec, schedule).learning_rate) == pytest.approx(0.5)
