"""The decision: which channels go, by name or the least important of those that are free to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from harness.base.errors import PruneError
from harness.channels.allocate import Scores
from harness.channels.by_place import named
from harness.channels.channels import Group
from harness.channels.errors import ChannelError
from harness.prune.choose.amounts import comparable, free_of, least_important
from harness.prune.choose.planning import plan_like, plan_of, removes_nothing
from harness.prune.choose.scoring import score
from harness.prune.data.given import Data
from harness.prune.keras_graph.graph import check_finite
from harness.prune.keras_graph.pinned import pinned
from harness.prune.keras_graph.trace import Trace
from harness.records import ChannelPlan
from harness.spec import PruneSpec

L = keras.layers
_CONVOLUTIONS = (
    L.Conv1D, L.Conv2D, L.Conv3D, L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose,
    L.SeparableConv1D, L.SeparableConv2D,
)  # fmt: skip


def decide(
    model: keras.Model, found: Trace, spec: PruneSpec, data: Data, sizes: Sequence[int] | None = None
) -> ChannelPlan:
    """The plan for a model whose channels are named. It may remove nothing.

    Args:
        model: the network.
        found: its trace, with what must be kept.
        spec: how much goes, and by which importance.
        data: what an importance looks at.
        sizes: how many channels each group had before earlier steps; the amount is a share of these.

    Raises:
        PruneError: weights are not finite, or nothing can be pruned as asked.
    """
    if spec.by_latency:
        raise PruneError(f"'{spec.label}' takes measurements; use harness.prune, which makes them")
    free = free_groups(found)
    try:
        if spec.remove is not None:
            roots = named(found.channels, spec.remove)
        else:
            scores = comparable(scores_of(model, found, free, spec.importance, data), spec)
            roots = least_important(found.channels, scores, spec, _convolutions(found), sizes)
    except ChannelError as error:
        raise PruneError(str(error)) from error
    return plan_of(found, found.channels.removed(roots))


def decide_like(model: keras.Model, found: Trace, widths: ChannelPlan, spec: PruneSpec, data: Data) -> ChannelPlan:
    """The plan that keeps as many channels of every layer as another: the most important ones by the spec.

    Raises:
        PruneError: weights are not finite, the plan is for another architecture, or the importance lacks data.
    """
    return plan_like(found, widths, scores_of(model, found, free_groups(found), spec.importance, data))


def free_groups(found: Trace) -> dict[int, Group]:
    """The groups that can lose channels, by their number.

    Raises:
        PruneError: weights are not finite, or there is no such group.
    """
    check_finite(found.graph)
    return free_of(found.channels, pinned(found))


def scores_of(
    model: keras.Model, found: Trace, free: Mapping[int, Group], importance: str, data: Data
) -> dict[int, Scores]:
    """The importance of the channels of each free group: float64 (channels,).

    Raises:
        PruneError: the importance needs data that was not given, or is not finite on it.
    """
    scores = score(model, found, importance, data)
    if not np.isfinite(scores).all():
        raise PruneError(f"importance '{importance}' is not finite on this data; look for NaN in it")
    return {index: scores[list(group.channels)] for index, group in free.items()}


def _convolutions(found: Trace) -> frozenset[str]:
    return frozenset(path for path, op in found.graph.layers.items() if isinstance(op, _CONVOLUTIONS))


def check_removes(decided: ChannelPlan, spec: PruneSpec) -> None:
    """Raise PruneError where a plan removes nothing."""
    if removes_nothing(decided):
        raise PruneError(f"'{spec.label}' removes no channel at all; ask for more, or with a smaller round_to")
