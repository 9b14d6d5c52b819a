"""Plans: after each other, like another, and tampered with."""

from __future__ import annotations

import pytest

import harness
from harness.base.errors import PruneError
from harness.prune import apply, prune, replay, verify
from harness.prune.choose.planning import composed, random_plan_like
from harness.prune.keras_graph.trace import trace
from tests.prune.nets import chain, randomised


def test_plans_after_each_other_are_one_plan() -> None:
    model = randomised(chain())
    first = harness.prune(model, ratio=0.4)
    second = harness.prune(first.model, ratio=0.4)
    whole = composed(first.plan, second.plan)
    assert verify(model, second.model, whole).holds


def test_random_channels_of_the_same_widths() -> None:
    model = randomised(chain())
    decided = harness.prune(model, ratio=0.5, keep=("hidden",)).plan
    other = random_plan_like(trace(model), decided, seed=1)
    assert {path: len(kept) for path, kept in other.kept.items()} == {
        path: len(kept) for path, kept in decided.kept.items()
    }
    assert other.kept != decided.kept


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
    ("channels", "message"),
    [
        ({"conv_a": 9}, "the plan counts 9 channels of 'conv_a', which has 8; make a new plan"),
        ({"conv_a": 4}, "the plan counts 4 channels of 'conv_a', which has 8; make a new plan"),
        ({"bn": 8}, "the plan counts the channels of other layers than it keeps channels of; make a new plan"),
    ],
)
def test_a_plan_that_counts_other_channels_than_the_model_has_is_refused(
    channels: dict[str, int], message: str
) -> None:
    """Its report would tell other widths than the network has; where it counts what it keeps, nothing would go."""
    model = chain()
    plan = harness.prune(model, ratio=0.5).plan
    damaged = plan.model_copy(update={"channels": {**plan.channels, **channels}})
    for use in (apply, replay):
        with pytest.raises(PruneError) as caught:
            use(model, damaged)
        assert str(caught.value) == message
