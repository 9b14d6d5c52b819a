"""The figures that are reported, computed again from nothing; and never worse than the cut."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest

from harness.base.errors import PruneError
from harness.prune import apply, plan
from harness.prune.keras_graph.reading import read_graph
from harness.prune.recover.reconstruct import solving
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.designs.linear import UnsolvableError
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.spec import PruneSpec
from tests.prune.nets import array, chain, randomised
from tests.prune.programs.building import build
from tests.prune.programs.steps import STEPS
from tests.prune.recover.reconstruct.twins import cut_and_reconstructed, inputs_for, outputs

L = keras.layers


def plain() -> keras.Model:
    given = keras.Input((7,))
    x = L.Dense(8, activation="relu", name="first")(given)
    x = L.Dense(9, activation="relu", name="second")(x)
    return randomised(keras.Model(given, L.Dense(3, name="last")(x)), 3)


def test_errors_and_kernels_are_those_of_a_solution_from_nothing() -> None:
    """Two layers: the second reads what the first gives once it is solved."""
    model = plain()
    decided = plan(model, PruneSpec(ratio=0.5, importance="random"), seed=1)
    cut = apply(model, decided)
    (images,) = inputs_for(model, 200, 0)
    near = {name: [array(weight) for weight in cut.get_layer(name).weights] for name in ("second", "last")}
    report = reconstruct(model, decided, cut, [images], seed=5)
    batches = Batches.of(read_graph(model), [images], 5)
    judged = np.concatenate([batches.places[batch] for batch in batches.judged])
    most = np.setdiff1d(np.concatenate(batches.places), judged)
    assert len(judged) == 40
    for layer, read, name in zip(report.solved, ("first", "second"), ("second", "last"), strict=True):
        fed = outputs(keras.Model(cut.inputs[0], cut.get_layer(read).output), [images])
        given = array(keras.Model(model.inputs[0], model.get_layer(name).input)(images))
        wanted = given @ array(model.get_layer(name).kernel) + array(model.get_layer(name).bias)
        wanted = wanted[:, list(decided.kept[name])] if name in decided.kept else wanted
        assert (layer.layer, layer.rows, layer.columns) == (name, 200, fed.shape[1])
        assert layer.before == pytest.approx(missed(fed, wanted, near[name], judged), rel=1e-4)
        assert layer.ridge is not None
        most_alone = solved(fed, wanted, near[name], layer.ridge, most)
        assert layer.after == pytest.approx(missed(fed, wanted, most_alone, judged), rel=1e-3)
        everything = solved(fed, wanted, near[name], layer.ridge, np.arange(200))
        for weight, expected in zip(cut.get_layer(name).weights, everything, strict=True):
            np.testing.assert_allclose(array(weight), expected, atol=2e-4)


def solved(fed: Any, wanted: Any, near: Any, ridge: float, rows: Any) -> tuple[Any, Any]:
    """Kernel and bias, from these rows alone."""
    x, y = fed[rows], wanted[rows]
    centred, kernel = x - x.mean(axis=0), near[0].astype(np.float64)
    gram = centred.T @ centred
    penalty = ridge * np.trace(gram) / len(gram) * np.eye(len(gram))
    kernel = kernel + np.linalg.solve(gram + penalty, centred.T @ (y - y.mean(axis=0) - centred @ kernel))
    return kernel, y.mean(axis=0) - x.mean(axis=0) @ kernel


def missed(fed: Any, wanted: Any, weights: Any, rows: Any) -> float:
    made = fed[rows] @ weights[0].astype(np.float64) + weights[1]
    return float(np.square(made - wanted[rows]).sum() / np.square(wanted[rows]).sum())


def test_the_outputs_shares_are_those_of_the_images_for_judging() -> None:
    model = randomised(chain(), 3)
    decided = plan(model, PruneSpec(ratio=0.5))
    cut = apply(model, decided)
    (images,) = inputs_for(model, 150, 0)
    batches = Batches.of(read_graph(model), [images], 2)
    judged = images[np.concatenate([batches.places[batch] for batch in batches.judged])]
    wanted, before = outputs(model, [judged]), outputs(cut, [judged])
    report = reconstruct(model, decided, cut, [images], seed=2)
    after = outputs(cut, [judged])
    for told, made in ((report.before, before), (report.after, after)):
        assert told == pytest.approx(np.square(made - wanted).sum() / np.square(wanted).sum(), rel=1e-3)
    assert (report.images, report.undone) == (150, False)
    assert report.after < 0.5 * report.before


def test_the_same_seed_gives_the_same_kernels() -> None:
    found = [cut_and_reconstructed(randomised(chain(), 3), {"conv_a": [1, 2], "conv_b": [0, 3]}) for _ in range(2)]
    for one, other in zip(*(each.model.get_weights() for each in found), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(24))
def test_random_networks_are_never_further_from_the_original(seed: int) -> None:
    """On inputs that nothing was solved from, but for the tolerance that few images leave."""
    keras.backend.clear_session(free_memory=False)
    draw = random.Random(seed)
    steps = [
        (draw.choice(sorted(STEPS)), *(draw.randint(0, most) for most in (3, 3, 7))) for _ in range(draw.randint(1, 9))
    ]
    model = build(steps)
    try:
        decided = plan(model, PruneSpec(ratio=draw.choice([0.2, 0.5]), importance="random"), seed=seed)
    except PruneError:
        pytest.skip("nothing to prune")
    cut = apply(model, decided)
    held_out = inputs_for(model, 60, 7)
    wanted, before = outputs(model, held_out), outputs(cut, held_out)
    report = reconstruct(model, decided, cut, inputs_for(model, 150, 0), seed)
    off = [np.square(made - wanted).sum() for made in (before, outputs(cut, held_out))]
    assert off[1] <= 1.05 * off[0] + 1e-8
    assert report.undone or report.after <= report.before
    for layer in report.solved:
        assert 0 <= layer.after <= layer.before
    assert not any("equations say" in why for why in report.kept.values())


def test_a_design_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two offsets of a kernel exchanged, in one layer: it keeps its kernel, and the others are solved."""
    from harness.prune.recover.reconstruct.designs.convolutions import Convolution

    right = Convolution.design

    def wrong(self: Convolution, x: np.ndarray, rows: Any) -> np.ndarray:
        made = right(self, x, rows)
        return made[..., ::-1] if x.shape[-1] == 3 else made

    monkeypatch.setattr(Convolution, "design", wrong)
    given = keras.Input((9, 8, 3))
    x = L.Conv2D(6, 3, activation="relu", name="a")(given)
    x = L.Conv2D(6, 3, activation="relu", name="b")(x)
    model = randomised(keras.Model(given, L.Dense(3, name="last")(L.Flatten()(x))), 3)
    found = cut_and_reconstructed(model, {"a": [1, 4, 5]})
    assert found.report.kept == {"b": "it does not compute what its equations say"}
    assert np.isin(array(found.model.get_layer("b").bias), array(model.get_layer("b").bias)).all()
    assert found.solved("last")


def test_what_makes_the_outputs_worse_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong on the way: the weights are the cut network's again."""

    def spoilt(self: solving.Solver, *, absorbed: bool) -> Any:
        choice = self.fit.choose(self.near, bias=True)
        self.job.write(-3 * self.near)
        return choice

    monkeypatch.setattr(solving.Solver, "solve", spoilt)
    model = plain()
    decided = plan(model, PruneSpec(ratio=0.5))
    cut = apply(model, decided)
    own = [array(weight) for weight in cut.weights]
    report = reconstruct(model, decided, cut, inputs_for(model, 100, 0))
    assert report.undone
    assert report.after > report.before
    for weight, value in zip(cut.weights, own, strict=True):
        np.testing.assert_array_equal(array(weight), value)


def test_what_is_not_finite_is_not_solved() -> None:
    """Numbers beyond float16 in front of a layer: it keeps its kernel, and says why."""
    own = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = plain()
    finally:
        keras.config.set_dtype_policy(own)
    model.get_layer("second").kernel.assign(keras.ops.ones((8, 9)) * 3e4)
    found = cut_and_reconstructed(model, {"first": [1, 4]})
    assert set(found.report.kept) >= {"second"}
    assert "not finite" in found.report.kept["second"] or "finite numbers" in found.report.kept["second"]
    assert all(np.isfinite(array(weight)).all() for weight in found.model.weights)


def test_a_solution_that_is_too_large_for_its_numbers_is_not_written() -> None:
    own = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = plain()
    finally:
        keras.config.set_dtype_policy(own)
    job = solving.Job.of("last", [2], read_graph(model))
    with pytest.raises(UnsolvableError, match="too large for the numbers"):
        job.write(np.full((1, 10, 3), 1e5))
    assert np.abs(array(model.get_layer("last").kernel)).max() < 10


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 7), np.float32), "1 examples; give two or more"),
        (np.zeros((0, 7), np.float32), "0 examples; give two or more"),
        (np.full((20, 7), np.nan, np.float32), "hold NaN or infinity"),
        (np.full((20, 7), np.inf, np.float32), "hold NaN or infinity"),
        (np.zeros((20, 8), np.float32), "don't fit the model's inputs"),
    ],
)
def test_images_that_can_not_be_used_are_one_line(images: np.ndarray, message: str) -> None:
    model = plain()
    decided = plan(model, PruneSpec(ratio=0.5))
    with pytest.raises(PruneError) as caught:
        reconstruct(model, decided, apply(model, decided), [images])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_images_are_enough_to_do_no_harm() -> None:
    found = cut_and_reconstructed(plain(), {"first": [1, 4]}, count=2)
    assert found.after <= 1.5 * found.before
    assert found.report.images == 2
    assert found.report.images_needed is not None


def test_how_many_images_would_be_needed_is_told() -> None:
    """Fifteen rows for the 16 columns of the layer behind the flattened map."""
    found = cut_and_reconstructed(randomised(chain(), 3), {"conv_b": [0, 1]}, count=15)
    (hidden,) = (each for each in found.report.solved if each.layer == "hidden")
    assert (hidden.rows, hidden.columns) == (15, 16)
    assert found.report.images_needed == 16
    assert cut_and_reconstructed(randomised(chain(), 3), {"conv_b": [0, 1]}).report.images_needed is None
