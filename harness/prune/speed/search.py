"""What a choice of widths looks at, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.channels.allocate import Scores
from harness.channels.spend import Spent
from harness.measure.latency.model import LatencyModel
from harness.prune.choose.planning import plan_of
from harness.prune.price.network import Network
from harness.prune.price.offers import Offers
from harness.prune.price.shopping import FAN, WIDER, choose, fan, fastest
from harness.prune.speed.judge import Judge
from harness.records import ChannelPlan, Reached
from harness.spec import SpeedSpec


@dataclass(frozen=True)
class Search:
    """A network, what is asked of it, and what its widths cost and lose.

    `scores` are by group; `models` in the order of the batch sizes; `original` is its ONNX file, `folder` for others.
    Where there is a `judge`, widths that are as fast are told apart by it, and more of them are tried.
    """

    network: Network
    scores: Mapping[int, Scores]
    asked: SpeedSpec
    models: tuple[LatencyModel, ...]
    on_offer: Offers
    device: str
    original: Path
    folder: Path
    judge: Judge | None = None

    @property
    def targets(self) -> list[float]:
        """The share of the original's latency that may be left, at each batch size."""
        if self.asked.speedup is not None:
            return [1 / self.asked.speedup] * len(self.models)
        assert self.asked.max_latency_us is not None  # SpeedSpec sees to it
        return [self.asked.max_latency_us / model.full_us for model in self.models]

    def shares(self, reached: Sequence[Reached]) -> list[float]:
        """What was measured, in the unit of the targets."""
        if self.asked.speedup is not None:
            return [1 / each.speedup for each in reached]
        return [each.pruned_us / model.full_us for model, each in zip(self.models, reached, strict=True)]

    def choose(self, limits: Sequence[float]) -> Spent | None:
        """The widths that lose the least within these shares of the original's latency; None where there are none."""
        return choose(self.models, self.on_offer, limits)

    def fan(self, limits: Sequence[float]) -> list[Spent]:
        """The same for limits a little wider and narrower, each choice once: to be measured side by side."""
        return fan(self.models, self.on_offer, limits, FAN if self.judge is None else WIDER)

    def fastest(self) -> list[int]:
        """The widths of the least predicted latency."""
        return fastest(self.models, self.on_offer)

    def predicted(self, widths: Sequence[int]) -> list[float]:
        """Speed-ups at each batch size."""
        return [1 / float(model.ratios(widths)[0]) for model in self.models]

    def plan(self, widths: Sequence[int]) -> ChannelPlan:
        """The plan that keeps so many channels of each group, the most important."""
        groups, gone = self.network.channels.groups(), list[int]()
        for group, scores in self.scores.items():
            channels = groups[group].channels
            gone += [channels[place] for place in np.argsort(scores, kind="stable")[: len(channels) - widths[group]]]
        return plan_of(self.network, self.network.channels.removed(gone))
