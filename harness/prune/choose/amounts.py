"""How many channels of each group go, and which: whatever kind of graph they are those of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.base.errors import PruneError
from harness.channels.allocate import Amount, Scores, allocate
from harness.channels.channels import Channels, Group
from harness.channels.reasons import by_reason
from harness.spec import PruneSpec

MISSED = frozenset({"reconstruction"})  # shares of what is computed that are missed, which add up
COMPARABLE = frozenset({"taylor", "obd"}) | MISSED  # between layers, as they are


def free_of(channels: Channels, pinned: Mapping[str, str]) -> dict[int, Group]:
    """The groups that can lose channels, by their number; `pinned` are the reasons of layers that can't.

    Raises:
        PruneError: there is no such group.
    """
    groups = channels.groups()
    free = {index: group for index, group in enumerate(groups) if group.pinned is None and len(group.channels) > 1}
    if not free:
        reasons = "; ".join(by_reason(pinned)) or "no layer makes channels"
        raise PruneError(f"nothing can be pruned: {reasons}; give a network whose hidden layers have rules")
    return free


def comparable(scores: Mapping[int, Scores], spec: PruneSpec) -> dict[int, Scores]:
    """Scores of each group's channels, comparable between groups where they compete."""
    if spec.global_ranking and spec.importance not in COMPARABLE:
        return {index: values / (values.mean() or 1.0) for index, values in scores.items()}
    return dict(scores)


def least_important(
    channels: Channels,
    scores: Mapping[int, Scores],
    spec: PruneSpec,
    convolutions: frozenset[str],
    sizes: Sequence[int] | None = None,
) -> list[int]:
    """Root ids of as many channels as the spec asks for; `sizes` are those of all groups before earlier steps.

    Raises:
        ChannelError: so many filters would leave nothing of a convolution.
    """
    groups = channels.groups()
    amount = Amount(spec.ratio, spec.filters, spec.round_to, spec.global_ranking)
    return allocate(groups, scores, amount, [channels.widths(group) for group in groups], convolutions, sizes)
