"""Planted mistakes, of the kinds that pruners make: none gets past the proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import ProofError, PruneError, UnprovableError
from harness.channels.names import along, spread
from harness.prune import Site, apply, plan, verify
from harness.prune.keras_graph import registry
from harness.spec import PruneSpec
from tests.prune.nets import array, chain, dense_blocks, grouped, randomised, residual

L = keras.layers


@pytest.fixture
def wrong_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, Callable[[Site], Any]], None]:
    """Puts a wrong rule in the place of the right one."""
    return lambda kind, mistake: monkeypatch.setitem(registry._RULES, kind, mistake)


def test_flatten_read_in_the_wrong_order(wrong_rule: Any) -> None:
    """As if Flatten put channels first."""
    wrong_rule(L.Flatten, lambda site: np.moveaxis(site.names[0], -1, 1).reshape(site.out_shape))
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(randomised(chain()), ratio=0.5)


def test_statistics_of_the_next_channel(wrong_rule: Any) -> None:
    """Moving averages are cut one place off; the model was never trained, so its own would not tell."""

    def mistake(site: Site) -> Any:
        ids = along(site.names[0], -1)
        for name in ("gamma", "beta"):
            site.weight(name, {0: ids})
        layer = site._layer.weights
        for index, weight in enumerate(site.op.weights):
            if "moving" in weight.name:
                layer[index] = type(next(iter(layer.values())))({0: np.roll(ids, 1)})
        return site.names[0]

    wrong_rule(L.BatchNormalization, mistake)
    with pytest.raises(ProofError, match="random weights"):
        harness.prune(chain(), filters=2, importance="random", seed=1)


def test_statistics_shifted_in_the_pruned_model() -> None:
    model = randomised(chain())
    decided = plan(model, PruneSpec(ratio=0.5))
    pruned = apply(model, decided)
    for weight in pruned.get_layer("bn").weights[2:]:
        weight.assign(np.roll(array(weight), 1))
    with pytest.raises(ProofError):
        verify(model, pruned, decided)


def test_statistics_shifted_in_an_untrained_model() -> None:
    """Scales that are all one don't show a shift; offsets by a hair do."""
    model = chain()
    decided = plan(model, PruneSpec(ratio=0.5))
    pruned = apply(model, decided)
    mean = pruned.get_layer("bn").moving_mean
    mean.assign(array(mean) + 1e-3)
    with pytest.raises(ProofError):
        verify(model, pruned, decided)


def test_concatenated_in_the_other_order(wrong_rule: Any) -> None:
    """Offsets swapped: the names of the second branch stand before those of the first."""

    def mistake(site: Site) -> Any:
        ids = np.concatenate([along(names, -1) for names in site.names[::-1]])
        return spread(ids, site.out_shape, -1)

    wrong_rule(L.Concatenate, mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(randomised(dense_blocks()), ratio=0.5)


def test_one_branch_of_an_add_pruned_alone(wrong_rule: Any) -> None:
    """One channel is left of one branch, and is silently stretched over both channels of the other."""
    image = keras.Input((6, 6, 3))
    a, b = L.Conv2D(2, 3, name="a")(image), L.Conv2D(2, 3, name="b")(image)
    model = randomised(keras.Model(image, L.Dense(3)(L.Flatten()(L.Add()([a, b])))))
    wrong_rule(L.Add, lambda site: site.names[0])
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(model, ratio=0.5, keep=("a",))
    with pytest.raises(PruneError, match=r"has shape \(32, 3\) after pruning"):
        harness.prune(model, ratio=0.5, keep=("b",))


def test_a_wrong_group_of_a_grouped_convolution(wrong_rule: Any) -> None:
    """The input channels of the groups are matched in the wrong order; every shape is right."""

    def mistake(site: Site) -> Any:
        if site.op.groups == 1:
            return right(site)
        ids = along(site.names[0], -1)
        made = site.create(site.op.filters, -1)
        filters = along(made, -1)
        rows, columns = ids.reshape(site.op.groups, -1), filters.reshape(site.op.groups, -1)
        site.unify(rows[:1], rows, "")
        site.unify(columns[:1], columns, "")
        site.weight("kernel", {-2: np.roll(rows[0], 1), -1: filters}, makes=-1)
        site.weight("bias", {0: filters})
        site.counted("filters", filters)
        return made

    right = registry._RULES[L.Conv2D]
    wrong_rule(L.Conv2D, mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(randomised(grouped()), ratio=0.25)


def test_groups_swapped_in_the_pruned_model() -> None:
    model = randomised(grouped())
    decided = plan(model, PruneSpec(ratio=0.5))
    pruned = apply(model, decided)
    kernel = pruned.get_layer("grouped").kernel
    kernel.assign(np.roll(array(kernel), kernel.shape[-1] // 2, axis=-1))
    with pytest.raises(ProofError):
        verify(model, pruned, decided)


def test_a_layer_that_mixes_channels_taken_for_one_that_does_not(wrong_rule: Any) -> None:
    """Softmax over channels, waved through: without some of them, the others change."""
    image = keras.Input((6, 6, 3))
    mixed = L.Softmax()(L.Conv2D(6, 3, name="conv")(image))
    model = randomised(keras.Model(image, L.Dense(3)(L.Flatten()(mixed))))
    wrong_rule(L.Softmax, lambda site: site.names[0])
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(model, ratio=0.5)


def test_a_removed_channel_of_another_layer_than_planned() -> None:
    model = randomised(residual())
    decided = plan(model, PruneSpec(ratio=0.5, importance="l1"))
    other = plan(model, PruneSpec(ratio=0.5, importance="random"), seed=5)
    assert decided.kept != other.kept
    with pytest.raises(ProofError):
        verify(model, apply(model, other), decided)


def test_a_pruned_model_that_was_trained_on_is_not_the_original_any_more() -> None:
    model = randomised(chain())
    decided = plan(model, PruneSpec(ratio=0.5))
    pruned = apply(model, decided)
    pruned.compile("sgd", "sparse_categorical_crossentropy")
    pruned.fit(np.ones((8, 12, 12, 3), np.float32), np.arange(8) % 5, verbose=0)
    with pytest.raises(ProofError, match="verify before training on"):
        verify(model, pruned, decided)


def test_two_models_that_do_not_belong_together() -> None:
    model = randomised(chain())
    decided = plan(model, PruneSpec(ratio=0.5))
    with pytest.raises(ProofError, match="does not have the original's layers"):
        verify(model, residual(), decided)
    with pytest.raises(ProofError, match="not what the plan leaves"):
        verify(model, model, decided)


def test_a_comparison_that_would_mean_nothing_is_no_proof() -> None:
    """A branch that is multiplied by zero: its channels are removed, and nothing could tell."""
    image = keras.Input((6, 6, 3))
    dead = L.Rescaling(0.0)(L.Conv2D(4, 3, name="dead")(image))
    live = L.Conv2D(4, 3, name="live")(image)
    model = keras.Model(image, L.Dense(3)(L.Flatten()(L.Concatenate()([dead, live]))))
    with pytest.raises(ProofError, match="can't prove anything"):
        harness.prune(model, ratio=0.5, keep=("live",))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere both networks may round alike")
def test_a_network_in_which_rounding_decides_is_not_called_wrong() -> None:
    """Every layer magnifies a difference tenfold: after thirty of them, not even float64 tells anything."""
    vector = keras.Input((5,))
    x = vector
    for number in range(30):
        x = keras.ops.sin(L.Rescaling(30.0)(L.Dense(6, name=f"layer_{number}")(x)))
    model = keras.Model(vector, L.Dense(3)(x))
    decided = plan(model, PruneSpec(ratio=0.3))
    with pytest.raises(UnprovableError, match="rounding alone changes the outputs"):
        verify(model, apply(model, decided), decided)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere both networks may round alike")
def test_own_weights_that_magnify_rounding_are_made_smaller() -> None:
    """Its own kernels magnify a difference in each of forty layers; random ones don't. Rescaling to around -1, as image
    networks do, loses the last digits of the inputs, so that these would not tell.
    """
    vector = keras.Input((5,))
    x = L.Rescaling(1 / 128, offset=-1.0)(vector)
    for number in range(40):
        x = keras.ops.sin(L.Dense(6, kernel_initializer=keras.initializers.Orthogonal(4.0, number))(x))
    result = harness.prune(keras.Model(vector, L.Dense(3)(x)), ratio=0.3)
    assert result.proven.holds
    assert any(re.match("real weights, kernels times 0.[68]", name) for name in result.proven.trials)


def test_channels_that_no_output_depends_on_can_go() -> None:
    """Only the first of these channels is used: the others are removed, and nothing else can have changed."""
    vector = keras.Input((5,))
    model = keras.Model(vector, L.Dense(3, name="out")(L.Dense(6, name="hidden")(vector)[:, :1]))
    result = harness.prune(randomised(model), ratio=0.6)
    assert len(result.plan.kept["hidden"]) == 3
    assert 0 in result.plan.kept["hidden"]
    assert result.proven.holds


def test_squashed_outputs_are_compared_before_they_are_squashed() -> None:
    """Behind a saturated softmax both networks say 1.0: only the logits differ."""
    model = keras.Sequential(
        [keras.Input((6,)), L.Dense(8, name="hidden"), L.Dense(3, activation="softmax", name="out"), L.Reshape((3, 1))]
    )
    model.get_layer("out").bias.assign([500.0, 0.0, 0.0])
    decided = plan(model, PruneSpec(ratio=0.5))
    pruned = apply(model, decided)
    kernel = pruned.get_layer("hidden").kernel
    kernel.assign(array(kernel) + 0.5)
    inputs = np.ones((2, 6), np.float32)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), pruned.predict(inputs, verbose=0))
    with pytest.raises(ProofError):
        verify(model, pruned, decided)
