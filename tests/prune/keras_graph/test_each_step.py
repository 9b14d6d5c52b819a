"""TimeDistributed: its layer, or the model inside it, is seen as the network's own, pruned and proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune.keras_graph.copies import as_float64
from harness.prune.keras_graph.logits import logit_network
from harness.prune.recover.recalibrate import recalibrate
from tests.prune.nets import array, randomised, snapshot

L = keras.layers
Each = L.TimeDistributed


def eye() -> keras.Model:
    """What looks at one image: every kind of layer that stands inside a TimeDistributed, with a residual sum."""
    image = keras.Input((8, 8, 3))
    x = L.ReLU()(L.BatchNormalization(name="bn")(L.Conv2D(8, 3, padding="same", name="first")(image)))
    x = L.Add()([x, L.Conv2D(8, 3, padding="same", name="second")(x)])
    x = L.Flatten()(L.MaxPooling2D(2)(keras.ops.relu(x)))
    return keras.Model(image, L.Dense(10, activation="relu", name="seen")(L.Dropout(0.2)(x)), name="eye")


def video(steps: int | None = 4) -> keras.Model:
    """A model for each image, then a layer for each, then what is left of the film."""
    film = keras.Input((steps, 8, 8, 3))
    x = Each(L.Dense(6, name="inner"), name="each")(Each(eye(), name="eyes")(film))
    return keras.Model(film, L.Dense(3, activation="softmax", name="out")(L.GlobalMaxPooling1D()(x)))


def layer_by_layer() -> keras.Model:
    film = keras.Input((3, 8, 8, 2))
    x = film
    layers = (L.Conv2D(8, 3), L.BatchNormalization(), L.ReLU(), L.AveragePooling2D(2), L.Conv2D(6, 2), L.Flatten())
    for number, layer in enumerate(layers):
        x = Each(layer, name=f"step_{number}")(x)
    x = L.Dense(8, name="hidden")(L.GlobalAveragePooling1D()(x))
    return keras.Model(film, L.Dense(3, name="out")(x))


def at_the_end() -> keras.Model:
    """As many steps as come, a class for each."""
    words = keras.Input((None, 5))
    x = Each(L.Dense(8, activation="relu"), name="each")(words)
    return keras.Model(words, Each(L.Dense(4, activation="softmax"), name="out")(x))


def shared() -> keras.Model:
    """One wrapper on two sequences of different length; another around a wrapper."""
    one, two = keras.Input((3, 4)), keras.Input((5, 4))
    each = Each(L.Dense(8), name="each")
    x = L.Concatenate()([L.GlobalMaxPooling1D()(each(one)), L.GlobalMaxPooling1D()(each(two))])
    grid = Each(Each(L.Dense(6, name="deep")), name="grid")(L.Reshape((2, 2, 4))(x))
    return keras.Model([one, two], L.Dense(2, name="out")(L.Flatten()(grid)))


def masked() -> keras.Model:
    """Words of which some are padding, which the mask tells."""
    words = keras.Input((6,), dtype="int32")
    x = L.Embedding(10, 8, mask_zero=True)(words)
    x = Each(L.BatchNormalization(), name="norm")(Each(L.Dense(12, activation="relu"), name="each")(x))
    x = L.GlobalAveragePooling1D()(Each(L.Dense(6), name="next")(x))
    return keras.Model(words, L.Dense(2, name="out")(x))


CASES: dict[str, tuple[Callable[[], keras.Model], dict[str, int]]] = {
    "a model inside": (video, {"eyes/first": 4, "eyes/second": 4, "eyes/seen": 5, "each": 3}),
    "unknown steps": (lambda: video(None), {"eyes/first": 4, "eyes/second": 4, "eyes/seen": 5, "each": 3}),
    "layers": (layer_by_layer, {"step_0": 4, "step_4": 3, "hidden": 4}),
    "at the end": (at_the_end, {"each": 4}),
    "masked": (masked, {"each": 6, "next": 3}),
    "shared and nested": (shared, {"each": 4}),
}


def films(model: keras.Model) -> list[Any]:
    generator = np.random.default_rng(0)
    shapes = [(2, *(size or 4 for size in x.shape[1:])) for x in model.inputs]
    if "int" in model.inputs[0].dtype:
        return [generator.integers(0, 10, shape) for shape in shapes]
    return [generator.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("name", CASES)
def test_channels_inside_are_pruned_and_proved(name: str) -> None:
    make, widths = CASES[name]
    model = randomised(make())
    before = snapshot(model)
    result = harness.prune(model, ratio=0.5)
    assert result.proven.holds
    assert {path: len(result.plan.kept[path]) for path in widths} == widths
    assert [layer.name for layer in result.model.layers[-2:]] == [layer.name for layer in model.layers[-2:]]
    assert all(np.array_equal(one, other) for one, other in zip(before, snapshot(model), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_what_is_proved_is_what_keras_computes(name: str) -> None:
    """Steps as examples are what TimeDistributed does, in float64 too."""
    model = randomised(CASES[name][0]())
    inputs = films(model)
    found = keras.ops.convert_to_tensor(logit_network(model).logits(inputs)[0])
    if name in {"a model inside", "unknown steps", "at the end"}:
        found = keras.ops.softmax(found)
    expected = array(model(inputs if len(inputs) > 1 else inputs[0]))
    np.testing.assert_allclose(array(found), expected, rtol=1e-4, atol=1e-5)
    given = [x.astype(np.float64) if x.dtype == np.float32 else x for x in inputs]
    wide = logit_network(as_float64(model)).logits(given)[0]
    np.testing.assert_allclose(wide, logit_network(model).logits(inputs)[0], rtol=1e-3, atol=1e-4)


def test_a_wrong_row_inside_is_caught() -> None:
    model = randomised(video())
    result = harness.prune(model, ratio=0.5)
    dense = result.model.get_layer("eyes").layer.get_layer("seen")
    dense.kernel.assign(np.roll(array(dense.kernel), 1, axis=0))
    with pytest.raises(harness.base.errors.ProofError):
        harness.verify(model, result.model, result.plan)


def test_what_a_step_costs_counts_for_every_step() -> None:
    layers = {layer.layer: layer for layer in harness.prune(randomised(video()), ratio=0.5).report.layers}
    assert layers["eyes/first"].macs_before == 4 * 8 * 8 * 8 * 27
    assert layers["each"].macs_before == 4 * 10 * 6
    assert harness.prune(randomised(video(None)), ratio=0.5).report.macs_before is None


def test_data_rank_and_statistics_are_measured_inside() -> None:
    model, film = randomised(video()), np.random.default_rng(1).normal(size=(40, 4, 8, 8, 3)).astype(np.float32)
    labels = np.arange(40) % 3
    for importance in ("activation", "taylor"):
        assert harness.prune(model, ratio=0.5, importance=importance, data=(film, labels)).proven.holds
    statistics = model.get_layer("eyes").layer.get_layer("bn")
    before = array(statistics.moving_mean)
    assert recalibrate(model, film)
    values = array(model.get_layer("eyes").layer.get_layer("first")(film.reshape(-1, 8, 8, 3)))
    np.testing.assert_allclose(array(statistics.moving_mean), values.mean(axis=(0, 1, 2)), rtol=1e-4, atol=1e-5)
    assert not np.allclose(before, array(statistics.moving_mean))


def test_a_pruned_film_loads_trains_and_is_exported(tmp_path: Path) -> None:
    pruned = harness.prune(randomised(video()), ratio=0.5).model
    pruned.save(tmp_path / "p.keras")
    loaded = keras.models.load_model(tmp_path / "p.keras")
    (film,) = films(loaded)
    np.testing.assert_allclose(array(loaded(film)), array(pruned(film)), rtol=1e-5, atol=1e-6)
    loaded.compile("sgd", "sparse_categorical_crossentropy")
    assert np.isfinite(loaded.fit(film, np.zeros(2), verbose=0).history["loss"][0])
    if keras.backend.backend() == "tensorflow":
        harness.export(pruned, tmp_path / "p.onnx", film)  # compares the answers, and raises where they differ


def test_what_keeps_its_channels_says_why() -> None:
    """Inside a TimeDistributed, and in layers that no rule speaks of."""
    film = keras.Input((4, 6))
    x = Each(L.LSTM(5, name="inner"), name="each")(L.Reshape((4, 2, 8))(L.Conv1D(16, 1, name="c")(film)))
    result = harness.prune(keras.Model(film, L.Dense(2, name="out")(L.Dense(8, name="h")(L.Flatten()(x)))), ratio=0.5)
    assert result.report.pinned["each"] == "LSTM has no rule"
    assert result.report.pinned["c"] == "'each' (LSTM) has no rule"
    words = keras.Input((4, 6))
    x = Each(L.Dense(5), name="each")(L.Permute((2, 1))(L.Conv1D(8, 1, name="c")(words)))
    result = harness.prune(keras.Model(words, L.Dense(2, name="out")(L.Flatten()(x))), ratio=0.5)
    assert result.report.pinned["c"] == "'each' runs on each place of the axis along which they lie"
    x = L.Dense(5, name="along")(L.Permute((2, 1))(L.Conv1D(8, 1, name="c")(words)))
    result = harness.prune(keras.Model(words, L.Dense(2, name="out")(L.Flatten()(x))), ratio=0.5)
    assert "lie along another axis" in result.report.pinned["along"]
    with pytest.raises(PruneError, match=r"nothing can be pruned: out \(the model's output\); gru \(GRU has no rule\)"):
        harness.prune(keras.Sequential([keras.Input((4, 3)), L.GRU(4, name="gru"), L.Dense(2, name="out")]), ratio=0.5)
