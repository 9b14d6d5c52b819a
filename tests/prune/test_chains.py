"""Plain chains, from plan to proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import harness
import models
from harness.base.errors import ProofError
from harness.prune import apply, plan, verify
from harness.spec import PruneSpec
from tests.prune.nets import array, chain, randomised, snapshot

L = keras.layers


@pytest.mark.parametrize("importance", ["l1", "l2", "random"])
def test_half_of_every_layer_goes_and_the_proof_holds(importance: str) -> None:
    result = harness.prune(randomised(chain()), ratio=0.5, importance=importance)
    assert {path: len(kept) for path, kept in result.plan.kept.items()} == {
        "conv_a": 4, "conv_b": 3, "hidden": 5, "out": 5,
    }  # fmt: skip
    assert result.proof is not None
    assert result.proof.holds
    assert result.proof.largest_difference <= 1e-5


def test_removing_one_filter_by_hand_gives_the_same_network() -> None:
    """Against NumPy, not against our own masks: Flatten is channels-last, so row = (h * W + w) * C + c."""
    model = randomised(models.build("single_conv"))
    result = harness.prune(model, filters=1)
    kept = np.array(result.plan.kept["conv_1"])
    kernel = array(model.get_layer("dense_1").kernel).reshape(26, 26, 32, 10)[:, :, kept].reshape(-1, 10)
    np.testing.assert_array_equal(result.model.get_layer("dense_1").kernel, kernel)
    np.testing.assert_array_equal(result.model.get_layer("conv_1").bias, array(model.get_layer("conv_1").bias)[kept])


def test_the_input_model_is_untouched() -> None:
    model = randomised(chain())
    before, layers = snapshot(model), len(model.layers[1]._inbound_nodes)
    harness.prune(model, ratio=0.5)
    for old, new in zip(before, snapshot(model), strict=True):
        np.testing.assert_array_equal(old, new)
    assert len(model.layers[1]._inbound_nodes) == layers


def test_the_smallest_filters_go() -> None:
    model = randomised(chain())
    kernel = array(model.get_layer("conv_b").kernel)
    kernel[..., [1, 4]] *= 1e-3
    model.get_layer("conv_b").kernel.assign(kernel)
    decided = plan(model, PruneSpec(filters=2))
    assert decided.kept["conv_b"] == (0, 2, 3, 5)


def test_a_number_of_filters_leaves_dense_layers_alone() -> None:
    decided = plan(chain(), PruneSpec(filters=2))
    assert {path: len(kept) for path, kept in decided.kept.items()} == {
        "conv_a": 6, "conv_b": 4, "hidden": 10, "out": 5,
    }  # fmt: skip


def test_names_of_layers_stay_and_the_file_loads_with_plain_keras_and_trains(tmp_path: Path) -> None:
    model = chain()
    pruned = harness.prune(model, ratio=0.5).model
    assert [layer.name for layer in pruned.layers] == [layer.name for layer in model.layers]
    pruned.save(tmp_path / "pruned.keras")
    loaded = keras.models.load_model(tmp_path / "pruned.keras", safe_mode=True)
    images = np.random.default_rng(0).random((8, 12, 12, 3), np.float32)
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), pruned.predict(images, verbose=0))
    loaded.compile("sgd", "sparse_categorical_crossentropy")
    assert np.isfinite(loaded.fit(images, np.arange(8) % 5, verbose=0).history["loss"][0])


def test_the_same_model_spec_and_seed_give_the_same_plan() -> None:
    model = randomised(chain())
    spec = PruneSpec(ratio=0.5, importance="random")
    assert plan(model, spec, seed=3) == plan(model, spec, seed=3)
    assert plan(model, spec, seed=3) != plan(model, spec, seed=4)


def test_ties_are_broken_by_order() -> None:
    model = keras.Sequential([keras.Input((4,)), L.Dense(6, kernel_initializer="ones", name="tied"), L.Dense(2)])
    assert plan(model, PruneSpec(ratio=0.5)).kept["tied"] == (3, 4, 5)


def test_a_ratio_never_takes_a_whole_layer() -> None:
    decided = plan(chain(), PruneSpec(ratio=0.999999))
    assert {path: len(kept) for path, kept in decided.kept.items() if path != "out"} == {
        "conv_a": 1, "conv_b": 1, "hidden": 1,
    }  # fmt: skip


def test_round_to_keeps_multiples() -> None:
    decided = plan(chain(), PruneSpec(ratio=0.6, round_to=4))
    assert {path: len(kept) for path, kept in decided.kept.items()} == {
        "conv_a": 4, "conv_b": 4, "hidden": 4, "out": 5,
    }  # fmt: skip


def grouped() -> keras.Model:
    """A convolution in two groups, whose channels and whose input's go in twos."""
    image = keras.Input((6, 6, 3))
    x = L.Conv2D(24, 3, groups=2, name="twos")(L.Conv2D(16, 3, padding="same", name="stem")(image))
    return keras.Model(image, L.Dense(3, name="out")(L.Dense(10, name="hidden")(L.Flatten()(x))))


@pytest.mark.parametrize(
    ("options", "widths"),
    [
        ({"ratio": 0.5}, (8, 12, 5)),
        ({"ratio": 0.3, "round_to": 4}, (12, 20, 8)),  # of 6 and 9 twos
        ({"ratio": 0.5, "round_to": 8}, (8, 16, 8)),
        ({"ratio": 0.45, "round_to": 3}, (12, 18, 6)),
        ({"ratio": 0.4, "round_to": 4, "global_ranking": True}, None),
        ({"filters": 2}, (14, 22, 10)),
        ({"filters": 5}, (12, 20, 10)),
    ],
)
def test_amounts_and_multiples_count_channels_also_where_they_go_in_twos(
    options: dict[str, Any], widths: tuple[int, ...] | None
) -> None:
    kept = plan(randomised(grouped()), PruneSpec(**options)).kept
    found = tuple(len(kept[layer]) for layer in ("stem", "twos", "hidden"))
    assert found == widths or (widths is None and all(each % 4 == 0 or each == 10 for each in found))


def test_groups_of_one_channel_of_the_image_stay_equally_wide() -> None:
    """Each color has filters of its own, and loses as many of them; behind a Concatenate, too."""
    image = keras.Input((6, 6, 3))
    colors = L.Conv2D(12, 3, groups=3, name="colors")(image)
    both = L.Concatenate()([colors, L.Conv2D(12, 3, name="plain")(image)])
    x = L.Flatten()(L.Conv2D(12, 3, groups=6, name="six")(both))
    pruned = harness.prune(randomised(keras.Model(image, L.Dense(3, name="out")(x))), ratio=0.5)
    assert {path: len(kept) for path, kept in pruned.plan.kept.items()} == {"colors": 6, "plain": 6, "six": 6, "out": 3}
    assert [sum(place // 4 == color for place in pruned.plan.kept["colors"]) for color in range(3)] == [2, 2, 2]


def test_a_global_ranking_takes_the_least_important_of_all() -> None:
    model = randomised(chain())
    kernel = array(model.get_layer("conv_a").kernel)
    kernel[..., 1:7] *= 1e-4
    model.get_layer("conv_a").kernel.assign(kernel)
    decided = plan(model, PruneSpec(ratio=0.25, global_ranking=True))
    assert decided.kept["conv_a"] == (0, 7)
    assert (len(decided.kept["conv_b"]), len(decided.kept["hidden"])) == (6, 10)


def test_the_common_mistake_is_a_control_that_has_no_proof_and_gets_none() -> None:
    """Right shapes, no exception, wrong rows: `verify` refuses it."""
    model = randomised(models.build("single_conv"))
    wrong = harness.prune(model, filters=1, rows="first")
    assert wrong.proof is None
    right = apply(model, wrong.plan)
    assert [w.shape for w in wrong.model.weights] == [w.shape for w in right.weights]
    np.testing.assert_array_equal(
        wrong.model.get_layer("dense_1").kernel, array(model.get_layer("dense_1").kernel)[: 26 * 26 * 31]
    )
    with pytest.raises(ProofError, match="not the masked original"):
        verify(model, wrong.model, wrong.plan)


def test_kept_layers_keep_their_channels() -> None:
    result = harness.prune(chain(), ratio=0.5, keep=("conv_b",))
    assert result.plan.kept["conv_b"] == tuple(range(6))
    assert result.report.pinned["conv_b"] == "kept as asked ('conv_b')"


def test_the_output_layer_is_pinned_with_the_reason() -> None:
    assert harness.prune(chain(), ratio=0.5).report.pinned == {"out": "the model's output"}
