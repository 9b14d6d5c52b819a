"""Prune until it is as fast as asked, by the model first and by a measurement in the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from harness.base.crash import scratch
from harness.base.errors import DeviceError, PruneError, TooSlowError
from harness.channels.allocate import Scores
from harness.channels.channels import Group
from harness.measure.group import placement
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.table import LatencyTable
from harness.measure.runtime.placement import device_of
from harness.prune.choose.amounts import ABOUT_THE_LOSS
from harness.prune.choose.decide import free_groups, scores_of
from harness.prune.data.given import Data
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.price.offers import offers
from harness.prune.price.pricing import Pricing
from harness.prune.result import PruneResult, cut_and_prove
from harness.prune.speed.refusals import check_inputs, too_slow, unreachable
from harness.prune.speed.search import Search
from harness.prune.speed.trial import Try, exported, tried
from harness.records import ChannelPlan, Speed
from harness.spec import MOST_TRIES, SpeedSpec

if TYPE_CHECKING:
    from harness.base.progress import Progress

BEYOND = 0.06  # a speed-up so much above the target gives channels away: another try
FEWEST = 4  # channels of a group, for its width to be worth choosing


def prune_to_speed(model: keras.Model, asked: SpeedSpec, pricing: Pricing, *, data: Data, seed: int = 0) -> PruneResult:
    """Choose widths by latency, cut, export, and measure against the original; prove what is as fast as asked.

    Raises:
        ProofError: the pruned network is not the masked original.
        TooSlowError, PruneError and others: as `choose_widths` does.
    """
    plan, speed = choose_widths(model, asked, pricing, data=data)
    with pricing.progress.task("prove"):
        result = cut_and_prove(model, trace(model, asked.keep), plan, seed=seed)
    return replace(result, speed=speed)


def choose_widths(model: keras.Model, asked: SpeedSpec, pricing: Pricing, *, data: Data) -> tuple[ChannelPlan, Speed]:
    """Choose widths by latency, measured against the original: the plan that makes them, and what they reached.

    Raises:
        TooSlowError: what is asked was not reached; its message says what would be.
        PruneError: nothing can be pruned, or a layer's widths can't be chosen by latency.
        ExportError, ParityError: it can't be exported, or the file does not compute what Keras computes.
        DeviceError, MeasureError: it can't be measured as asked.
    """
    found = trace(model, asked.keep)
    check_inputs(model)
    free = worth_choosing(found)
    scores = scores_of(model, found, free, asked.importance, data)
    if asked.importance not in ABOUT_THE_LOSS:
        scores = {group: _shares(each) for group, each in scores.items()}
    spec = asked.measuring
    with scratch() as folder:
        original = folder / "original.onnx"
        with pricing.progress.task("export the original"):
            exported(model, original)
        device = _device(original, asked)
        table = pricing.table(model, found, tuple(free), spec, device, original)
        models = tuple(LatencyModel(table, batch) for batch in spec.batch_sizes)
        on_offer = offers(models, found.channels.groups(), scores)
        search = Search(model, found, scores, asked, models, on_offer, device, original, folder)
        return _reached(search, table, pricing.progress)


def worth_choosing(found: Trace) -> dict[int, Group]:
    """The groups whose widths are worth choosing, by their number.

    Raises:
        PruneError: there is no such group.
    """
    free = {group: each for group, each in free_groups(found).items() if len(each.channels) >= FEWEST}
    if not free:
        raise PruneError(f"no layer has {FEWEST} channels or more that could go, so none is worth it; give --ratio")
    return free


def _shares(scores: Scores) -> Scores:
    """Scores that say nothing between groups: shares of each group's."""
    return scores / (scores.sum() or 1.0)


def _device(path: Path, asked: SpeedSpec) -> str:
    """`cpu` or `cuda`: where it really runs.

    Raises:
        DeviceError: `cuda` is asked for, and a part of the network does not run there.
    """
    if asked.device == "cpu":
        return "cpu"
    try:
        found = device_of(placement(path, asked.device).model_dump())
    except DeviceError as error:
        raise DeviceError(str(error).replace(str(path), "the exported network")) from None
    return "cpu" if found == "cpu" else "cuda"


def _reached(search: Search, table: LatencyTable, progress: Progress) -> tuple[ChannelPlan, Speed]:
    """The plan that reached the target, and what it reached; of several the one that loses the least.

    Raises:
        TooSlowError: none does.
    """
    tries = _tries(search, progress)
    met = [number for number, each in enumerate(tries) if each.round.met]
    if not met:
        raise TooSlowError(too_slow(search, [each.round for each in tries]))
    chosen = min(met, key=lambda number: tries[number].spent.loss)
    best = tries[chosen]
    speed = Speed(
        asked=search.asked,
        device=search.device,
        conditions=table.conditions,
        rounds=tuple(each.round for each in tries),
        chosen=chosen,
        loss=best.spent.loss,
        least=best.spent.least,
        table_seconds=table.seconds,
    )
    return best.plan, speed


def _tries(search: Search, progress: Progress) -> list[Try]:
    """Choose and measure; again, corrected by what was measured, where it is too slow, or faster than it need be.

    Raises:
        TooSlowError: no widths are predicted to do.
    """
    targets = search.targets
    limits = targets
    tries: list[Try] = []
    for _ in range(MOST_TRIES):
        spent = search.choose(limits)
        if spent is None and not tries:
            fastest = search.fastest()
            raise TooSlowError(unreachable(search, fastest), fastest=search.plan(fastest))
        if spent is None or any(each.spent.choice == spent.choice for each in tries):
            break
        tries.append(tried(search, spent, progress))
        now = tries[-1].round
        shares = search.shares(now.reached)
        if now.met and max(share / target for share, target in zip(shares, targets, strict=True)) > 1 - BEYOND:
            break
        limits = [
            target / (share * each.predicted) for target, share, each in zip(targets, shares, now.reached, strict=True)
        ]
    return tries
