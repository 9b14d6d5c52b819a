"""The same share off every layer, as fast as other widths were measured to be: what choosing is compared with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from harness.channels.allocate import Amount, allocate
from harness.channels.channels import Channels, Group
from harness.measure.latency.model import LatencyModel
from harness.prune.choose.planning import plan_of
from harness.prune.price.network import Network
from harness.prune.price.pricing import Pricing
from harness.prune.speed.reach import worth_choosing
from harness.records import ChannelPlan, Matched, Speed

Array = npt.NDArray[np.float64]
RATIOS = tuple(round(share / 100, 2) for share in range(1, 100))


def uniform_as_fast(network: Network, speed: Speed, pricing: Pricing) -> tuple[ChannelPlan, Matched]:
    """The least share off every layer that the table predicts to be as fast as other widths were measured to be.

    Raises:
        PruneError, ExportError, MeasureError: the network has no table yet, and none can be made.
    """
    table = pricing.table(network, tuple(worth_choosing(network)), speed.asked.measuring, speed.device)
    wanted = {each.batch: each.speedup for each in speed.reached}
    groups, free = network.channels.groups(), network.free()
    shares = [(ratio, roots) for ratio in RATIOS if (roots := _share_of(network.channels, free, ratio))]
    widths = [[len(each.channels) - len(roots.intersection(each.channels)) for each in groups] for _, roots in shares]
    predicted = np.array([1 / LatencyModel(table, batch).ratios(widths) for batch in wanted])
    place = least_as_fast(predicted, np.array(list(wanted.values())))
    matched = Matched(
        ratio=shares[place][0],
        wanted=wanted,
        predicted={batch: float(speeds[place]) for batch, speeds in zip(wanted, predicted, strict=True)},
    )
    return plan_of(network, network.channels.removed(shares[place][1])), matched


def least_as_fast(predicted: Array, wanted: Array) -> int:
    """The first of several networks that is as fast as is wanted in the mean over batch sizes; else the fastest.

    `predicted` are speed-ups (batch sizes, networks), `wanted` those of another network (batch sizes,); the mean is
    that of their logarithms.
    """
    gains = np.log(predicted / wanted[:, None]).mean(axis=0)
    return int(np.argmax(gains >= 0)) if gains.max() >= 0 else int(gains.argmax())


def _share_of(channels: Channels, free: Mapping[int, Group], ratio: float) -> set[int]:
    """Root ids of that share of every group that is free, whichever they are."""
    groups = channels.groups()
    alike = {group: np.zeros(len(each.channels)) for group, each in free.items()}
    widths = [channels.widths(group) for group in groups]
    return set(allocate(groups, alike, Amount(ratio=ratio), widths, frozenset()))
