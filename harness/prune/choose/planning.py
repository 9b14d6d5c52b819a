"""A plan is what a prune decided: which channels each layer keeps. It can be written down and replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from harness.base.errors import PruneError
from harness.channels.allocate import Scores
from harness.channels.channels import Channels
from harness.channels.names import Flags
from harness.channels.removal import Removal
from harness.records import ChannelPlan


class Named(Protocol):
    """A graph whose channels are named; `architecture` identifies it, whatever its weights are."""

    @property
    def channels(self) -> Channels:
        """Its channels."""

    @property
    def architecture(self) -> str:
        """Its digest."""


def plan_of(trace: Named, removal: Removal) -> ChannelPlan:
    """The plan that removes these channels."""
    made = trace.channels.made
    return ChannelPlan(
        architecture=trace.architecture,
        kept={path: tuple(int(i) for i in removal.kept_along(ids, 0)) for path, ids in made.items()},
        channels={path: len(ids) for path, ids in made.items()},
    )


def removal_of(trace: Named, plan: ChannelPlan) -> Removal:
    """The channels that a plan removes.

    The layers of the model may be called otherwise than those of the plan, as when the same code built it again;
    then they are taken in order.

    Raises:
        PruneError: the plan is for another architecture, or would leave something that is not a network.
    """
    made = trace.channels.made
    if not isinstance(plan, ChannelPlan):
        raise PruneError(f"expected a ChannelPlan, not {type(plan).__name__}; give result.plan, or read_plan(path)")
    if plan.architecture != trace.architecture or len(made) != len(plan.kept):
        raise PruneError("the plan is for another architecture than this model's; make one with `harness prune`")
    if plan.channels.keys() != plan.kept.keys():
        raise PruneError("the plan counts the channels of other layers than it keeps channels of; make a new plan")
    names = dict(zip(made, plan.kept, strict=True)) if set(made) != set(plan.kept) else {path: path for path in made}
    gone: set[int] = set()
    stay: set[int] = set()
    for path, ids in made.items():
        kept = _kept(path, plan.kept[names[path]], plan.channels[names[path]], len(ids))
        roots = trace.channels.find(ids)
        gone |= {int(root) for root in roots[~kept]}
        stay |= {int(root) for root in roots[kept]}
    if gone & stay:
        raise PruneError("the plan removes a channel from one layer that it keeps in another; make a new plan")
    _check_free(trace, gone)
    return trace.channels.removed(gone)


def _kept(path: str, places: Sequence[int], counted: int, count: int) -> Flags:
    """Which of a layer's channels stay: (count,); `counted` is how many the plan says that there are."""
    if counted != count:
        raise PruneError(f"the plan counts {counted} channels of '{path}', which has {count}; make a new plan")
    if not places:
        raise PruneError(f"the plan leaves nothing of '{path}'; make a new plan")
    if not 0 <= min(places) <= max(places) < count:
        raise PruneError(f"the plan keeps a channel of '{path}' that it does not have; make a new plan")
    if list(places) != sorted(set(places)):
        raise PruneError(f"the plan keeps channels of '{path}' twice or out of order; make a new plan")
    kept = np.zeros(count, np.bool_)
    kept[list(places)] = True
    return kept


def _check_free(trace: Named, gone: set[int]) -> None:
    for group in trace.channels.groups():
        if group.pinned is not None and gone & set(group.channels):
            raise PruneError(f"the plan removes channels of '{group.makers[0]}' that must stay: {group.pinned}")


def removes_nothing(plan: ChannelPlan) -> bool:
    """Whether every layer keeps all its channels."""
    return all(len(kept) == plan.channels.get(path) for path, kept in plan.kept.items())


def composed(first: ChannelPlan, second: ChannelPlan) -> ChannelPlan:
    """The plan that does at once what two do after each other."""
    kept = {path: tuple(first.kept[path][place] for place in places) for path, places in second.kept.items()}
    return first.model_copy(update={"kept": kept})


def plan_like(trace: Named, plan: ChannelPlan, scores: Mapping[int, Scores]) -> ChannelPlan:
    """A plan that keeps as many channels of every group as another, the most important by the scores.

    Args:
        trace: the network, of the plan's architecture.
        plan: how many channels are kept.
        scores: for each group that loses channels, by its number, their importance: float64 (channels,).
    """
    gone, roots = removal_of(trace, plan), list[int]()
    for number, group in enumerate(trace.channels.groups()):
        channels = np.asarray(group.channels, np.int32)
        count = int((~gone.kept(channels)).sum())
        roots += channels[np.argsort(scores[number], kind="stable")[:count]].tolist() if count else []
    return plan_of(trace, trace.channels.removed(roots))


def random_plan_like(trace: Named, plan: ChannelPlan, seed: int) -> ChannelPlan:
    """A plan that keeps as many channels of every group as another, drawn at random."""
    gone = removal_of(trace, plan)
    generator = np.random.default_rng(seed)
    roots: list[int] = []
    for group in trace.channels.groups():
        channels = np.asarray(group.channels, np.int32)
        roots += generator.permutation(channels)[: int((~gone.kept(channels)).sum())].tolist()
    return plan_of(trace, trace.channels.removed(roots))
