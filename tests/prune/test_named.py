"""Channels that are removed by name: the right ones, with all that must go with them, or one line that says why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from harness.base.errors import HarnessError, PruneError
from harness.prune import prune, verify
from tests.prune.nets import array, chain, residual


def test_just_the_named_channel_goes_and_the_proof_holds() -> None:
    model = chain()
    result = prune(model, remove={"conv_a": [1]})
    assert result.proven.holds
    kept = [place for place in range(model.get_layer("conv_a").filters) if place != 1]
    assert np.array_equal(
        array(result.model.get_layer("conv_a").kernel), array(model.get_layer("conv_a").kernel)[..., kept]
    )


def test_what_an_add_joins_goes_together() -> None:
    kept = prune(residual(), remove={"stem": [2, 5]}).plan.kept
    assert kept["stem"] == kept["branch"] == (0, 1, 3, 4, 6, 7)


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ({"conv_9": [0]}, "no layer 'conv_9' makes channels; use one of conv_a, conv_b"),
        ({"conv_a": [8]}, "'conv_a' has no channel 8; its channels are 0 to 7"),
        ({"conv_b": [*range(6)]}, "nothing of 'conv_b' would be left; remove fewer"),
        ({"out": [0]}, "channels of 'out' must stay: "),
    ],
)
def test_what_can_not_be_removed_is_one_line(remove: dict[str, Any], message: str) -> None:
    with pytest.raises(PruneError) as caught:
        prune(chain(), remove=remove)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


IMAGES = np.zeros((4, 12, 12, 3), np.float32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spec": 0.5}, "expected a PruneSpec, not 0.5; write prune(model, ratio=0.5)"),
        ({"spec": {"ratio": 0.5}}, "expected a PruneSpec, not {'ratio': 0.5}"),
        ({"ratio": 0.5, "seed": -1}, "seed = -1: give a whole number"),
        ({"ratio": 0.5, "seed": 1.5}, "seed = 1.5: give a whole number"),
        ({"ratio": 0.5, "importance": "apoz", "data": IMAGES * np.nan}, "data: holds NaN or infinity"),
        ({"ratio": 0.5, "importance": "apoz", "data": IMAGES.astype(str)}, "data: not numbers"),
        ({"ratio": 0.5, "importance": "apoz", "data": "mnist5k"}, "data: not numbers"),
        ({"ratio": 0.5, "importance": "apoz", "data": 3}, "data: 3 is a single number"),
    ],
)
def test_arguments_that_can_not_be_used_are_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(HarnessError) as caught:
        prune(chain(), **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 1}, "examples = 1: give 2 or more"),
        ({"tolerance": float("nan")}, "tolerance = nan: give a number above 0"),
        ({"seed": -1}, "seed = -1: give a whole number"),
        ({"plan": "p.plan.json"}, "expected a ChannelPlan, not str"),
    ],
)
def test_what_can_not_be_verified_is_one_line(options: dict[str, Any], message: str) -> None:
    model = chain()
    result = prune(model, ratio=0.5)
    with pytest.raises(HarnessError) as caught:
        verify(model, result.model, **{"plan": result.plan, **options})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ((-1, 0), "keeps a channel of 'conv_a' that it does not have"),
        ((99,), "keeps a channel of 'conv_a' that it does not have"),
        ((0, 0), "keeps channels of 'conv_a' twice or out of order"),
        ((3, 1), "keeps channels of 'conv_a' twice or out of order"),
    ],
)
def test_a_plan_that_was_tampered_with_is_refused(kept: tuple[int, ...], message: str) -> None:
    """A negative place would count from the end, and a place twice would be counted twice in the report."""
    model = chain()
    result = prune(model, ratio=0.5)
    plan = result.plan.model_copy(update={"kept": {**result.plan.kept, "conv_a": kept}})
    with pytest.raises(PruneError, match=message):
        verify(model, result.model, plan)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda layer: layer.quantize("int8"), "'hidden' (Dense) is quantized: prune first, then quantize"),
        (lambda layer: layer.enable_lora(2), "'hidden' (Dense) has LoRA weights: prune first, then enable them"),
    ],
)
def test_a_layer_with_weights_beside_those_of_its_rule_pins(change: Callable[[keras.Layer], None], reason: str) -> None:
    """What it reads must stay, for a reason that says what to do; the rest is pruned."""
    model = chain()
    change(model.get_layer("hidden"))
    result = prune(model, ratio=0.5)
    assert result.proven.holds
    assert result.report.pinned["conv_b"] == reason
    assert len(result.plan.kept["conv_a"]) == 4
