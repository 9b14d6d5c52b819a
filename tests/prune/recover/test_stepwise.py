"""Pruning in steps: the widths of one shot, and a proof for every step."""

from __future__ import annotations

from typing import Any

import keras
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune import verify
from harness.prune.recover.stepwise import prune_in_steps
from harness.spec import PruneSpec
from tests.prune.nets import chain, randomised
from tests.prune.recover.stripes import Examples

L = keras.layers


def test_in_steps_the_widths_are_those_of_one_shot_and_every_step_is_proved(
    trained: keras.Model, examples: Examples
) -> None:
    tuned = []
    result = prune_in_steps(trained, PruneSpec(ratio=0.5), 2, tuned.append)
    assert len(tuned) == 1
    widths = {path: len(kept) for path, kept in result.plan.kept.items()}
    assert widths == {path: len(kept) for path, kept in harness.prune(trained, ratio=0.5).plan.kept.items()}
    assert list(widths.values()) == [4, 4]
    assert {name.partition(",")[0] for name in result.proven.trials} == {"step 1", "step 2"}
    assert result.proven.holds
    assert result.report.parameters_before == trained.count_params()
    verify(trained, result.model, result.plan)


@pytest.mark.parametrize("steps", [3, 4, 8])
@pytest.mark.parametrize("options", [{}, {"round_to": 2}, {"global_ranking": True}])
def test_widths_that_the_steps_do_not_divide_are_reached_too(steps: int, options: dict[str, Any]) -> None:
    """Ten and seven channels, by half. All layers together, it may be others that go, but as many."""
    model = randomised(
        keras.Sequential([keras.Input((6, 6, 2)), L.Conv2D(10, 3), L.Flatten(), L.Dense(7, "relu"), L.Dense(3)])
    )
    spec = PruneSpec(ratio=0.5, **options)
    stepwise, at_once = prune_in_steps(model, spec, steps, lambda model: None), harness.prune(model, spec)
    widths, expected = ([len(kept) for kept in result.plan.kept.values()] for result in (stepwise, at_once))
    assert sum(widths) == sum(expected) if spec.global_ranking else widths == expected
    assert verify(model, stepwise.model, stepwise.plan).holds


def test_steps_that_remove_nothing_at_all_say_so() -> None:
    with pytest.raises(PruneError, match="removes no channel at all"):
        prune_in_steps(chain(), PruneSpec(ratio=0.01), 3, lambda model: None)


@pytest.mark.parametrize(("spec", "steps"), [(PruneSpec(filters=1), 2), (PruneSpec(ratio=0.5, rows="first"), 2)])
def test_what_can_not_be_done_in_steps_says_so(spec: PruneSpec, steps: int) -> None:
    with pytest.raises(PruneError, match="steps; give a ratio"):
        prune_in_steps(chain(), spec, steps, lambda model: None)


def test_a_step_s_result_names_what_it_was_cut_from(trained: keras.Model) -> None:
    """The first step's is the network that was given, the last one's what came out of the step before."""
    between = []
    result = prune_in_steps(trained, PruneSpec(ratio=0.5), 2, between.append)
    (first,) = between
    assert first.cut_from == (trained, first.plan)
    assert result.cut_from is not None
    source, last = result.cut_from
    assert source is first.model
    assert verify(source, result.model, last).holds
