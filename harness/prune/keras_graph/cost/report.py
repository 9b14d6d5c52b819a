"""What pruning saves: parameters and multiply-accumulates (MACs) by layer."""

from __future__ import annotations

import math
from typing import Any

from harness.prune.keras_graph.cost.macs import macs
from harness.prune.keras_graph.graph import Graph, weights_of
from harness.prune.keras_graph.steps import EachStep, Together
from harness.prune.keras_graph.trace import Trace
from harness.records import ChannelPlan, LayerCost, PruneReport


def report(before: Trace, after: Graph, plan: ChannelPlan, pinned: dict[str, str]) -> PruneReport:
    """Compare two networks of the same layers."""
    macs_before, macs_after = macs(before.graph), macs(after)
    layers = []
    for (path, op), (new_path, new_op) in zip(before.graph.layers.items(), after.layers.items(), strict=True):
        if isinstance(op, EachStep | Together):
            continue
        layers.append(
            LayerCost(
                layer=path,
                kind=type(op).__name__,
                channels_before=plan.channels.get(path),
                channels_after=len(plan.kept[path]) if path in plan.kept else None,
                parameters_before=parameters(op),
                parameters_after=parameters(new_op),
                macs_before=macs_before[path],
                macs_after=macs_after[new_path],
            )
        )
    return PruneReport(layers=tuple(layers), pinned=pinned)


def parameters(op: Any) -> int:
    """The number of a layer's parameters, trainable or not; 0 for an operation."""
    return sum(math.prod(weight.shape) for weight in weights_of(op))
