"""Prune until it is as fast as asked, by the model first and by a measurement in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from harness.base.crash import scratch
from harness.base.errors import MeasureError, PruneError, TooSlowError
from harness.channels.allocate import Scores
from harness.channels.channels import Group
from harness.channels.errors import ChannelError, UnaffordableError
from harness.channels.spend import Spent
from harness.measure.group import placement
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.table import LatencyTable
from harness.measure.protocol import measure
from harness.measure.runtime.placement import device_of
from harness.prune.choose.decide import free_groups, scores_of
from harness.prune.choose.planning import plan_of, removal_of
from harness.prune.choose.scoring import ABOUT_THE_LOSS
from harness.prune.data.given import Data
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.price.offers import Offers, market, offers
from harness.prune.price.pricing import Pricing
from harness.prune.result import PruneResult, cut_and_prove
from harness.records import ChannelPlan, Reached, Round, Speed
from harness.spec import SpeedSpec

if TYPE_CHECKING:
    from harness.measure.measurement import Measurement

ROUNDS = 3
SHORT = 0.03  # a speed-up that is so much below the target still meets it
BEYOND = 0.06  # one that is so much above gives channels away: another try


@dataclass(frozen=True)
class Search:
    """All that a choice of widths looks at; the latency models are in the order of the batch sizes."""

    model: keras.Model
    found: Trace
    scores: Mapping[int, Scores]
    asked: SpeedSpec
    models: tuple[LatencyModel, ...]
    on_offer: Offers
    device: str
    original: Path
    folder: Path

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups of the network."""
        return self.found.channels.groups()


def prune_to_speed(model: keras.Model, asked: SpeedSpec, pricing: Pricing, *, data: Data, seed: int = 0) -> PruneResult:
    """Choose widths by latency, cut, export, and measure against the original; prove what is as fast as asked.

    Raises:
        TooSlowError: what is asked was not reached; its message says what would be.
        PruneError: nothing can be pruned, or a layer's widths can't be chosen by latency.
        ProofError: the pruned network is not the masked original.
        ExportError, ParityError: it can't be exported, or the file does not compute what Keras computes.
        DeviceError, MeasureError: it can't be measured as asked.
    """
    found = trace(model, asked.keep)
    free = free_groups(found)
    raw = scores_of(model, found, free, asked.importance, data)
    scores = raw if asked.importance in ABOUT_THE_LOSS else {group: _shares(each) for group, each in raw.items()}
    spec = asked.measuring
    with scratch() as folder:
        original = folder / "original.onnx"
        with pricing.progress.task("export the original"):
            _export(model, original)
        device = "cpu" if spec.device == "cpu" else device_of(_placed(original, asked))
        device = "cpu" if device == "cpu" else "cuda"
        table = pricing.table(model, found, tuple(free), spec, device)
        models = tuple(LatencyModel(table, batch) for batch in spec.batch_sizes)
        on_offer = offers(models, found.channels.groups(), scores)
        search = Search(model, found, scores, asked, models, on_offer, device, original, folder)
        speed, plan = _searched(search, table, pricing)
    with pricing.progress.task("prove"):
        result = cut_and_prove(model, found, plan, seed=seed)
    return replace(result, speed=speed)


def _shares(scores: Scores) -> Scores:
    """Scores that say nothing between groups: shares of each group's."""
    return scores / (scores.sum() or 1.0)


def _placed(path: Path, asked: SpeedSpec) -> Mapping[str, Sequence[Sequence[str]]]:
    found: Mapping[str, Sequence[Sequence[str]]] = placement(path, asked.device, asked.inputs).model_dump()
    return found


def _searched(search: Search, table: LatencyTable, pricing: Pricing) -> tuple[Speed, ChannelPlan]:
    """Rounds of choosing and measuring; after each, the model is corrected by what was measured."""
    targets = [_target(search.asked, model) for model in search.models]
    limits, tried = list(targets), dict[tuple[int, ...], tuple[Round, Spent, ChannelPlan]]()
    for _ in range(ROUNDS):
        try:
            spent = market(search.models, search.on_offer, limits).spend()
        except UnaffordableError:
            if not tried:
                raise TooSlowError(_unreachable(search, targets)) from None
            break
        except ChannelError as error:
            raise PruneError(f"{error}, so widths can't be chosen by latency; give --ratio") from error
        if spent.choice in tried:
            break
        round_, plan = _tried(search, spent, pricing)
        tried[spent.choice] = round_, spent, plan
        shares = [_share(search.asked, model, each) for model, each in zip(search.models, round_.reached, strict=True)]
        over = [share / target for share, target in zip(shares, targets, strict=True)]
        if round_.met and max(over) > 1 - BEYOND:
            break
        limits = [
            target * (1 / each.predicted) / share
            for target, each, share in zip(targets, round_.reached, shares, strict=True)
        ]
    rounds = [each[0] for each in tried.values()]
    met = [number for number, each in enumerate(rounds) if each.met]
    everything = list(tried.values())
    if not met:
        raise TooSlowError(_short(search, rounds))
    chosen = min(met, key=lambda number: everything[number][1].loss)
    speed = Speed(
        asked=search.asked,
        device=search.device,
        conditions=table.conditions,
        rounds=tuple(rounds),
        chosen=chosen,
        loss=everything[chosen][1].loss,
        least=everything[chosen][1].least,
        table_seconds=table.seconds,
    )
    return speed, everything[chosen][2]


def _target(asked: SpeedSpec, model: LatencyModel) -> float:
    """The share of the original's latency that may be left."""
    if asked.speedup is not None:
        return 1 / asked.speedup
    assert asked.max_latency_us is not None  # SpeedSpec sees to it
    return asked.max_latency_us / model.full_us


def _share(asked: SpeedSpec, model: LatencyModel, reached: Reached) -> float:
    """The measured latency in the unit of the target."""
    return 1 / reached.speedup if asked.speedup is not None else reached.pruned_us / model.full_us


def _tried(search: Search, spent: Spent, pricing: Pricing) -> tuple[Round, ChannelPlan]:
    """Cut to the widths chosen, export, and measure against the original."""
    widths = search.on_offer.chosen(spent.choice)
    plan = _plan(search, widths)
    pruned = search.folder / "pruned.onnx"
    with pricing.progress.task("prune and export"):
        smaller = remove(search.model, search.found, removal_of(search.found, plan))
        _export(smaller, pruned)
    measured = measure([search.original, pruned], search.asked.measuring, progress=pricing.progress)
    predicted = [1 / float(model.ratios(widths)[0]) for model in search.models]
    reached = tuple(
        _reached(measured, batch, ratio)
        for batch, ratio in zip(search.asked.measuring.batch_sizes, predicted, strict=True)
    )
    met = all(_met(search.asked, each) for each in reached)
    return Round(widths={layer: len(kept) for layer, kept in plan.kept.items()}, reached=reached, met=met), plan


def _plan(search: Search, widths: Sequence[int]) -> ChannelPlan:
    """The plan that keeps so many of each group, the most important."""
    gone: list[int] = []
    for group, scores in search.scores.items():
        channels = search.groups[group].channels
        gone += [channels[place] for place in np.argsort(scores, kind="stable")[: len(channels) - widths[group]]]
    return plan_of(search.found, search.found.channels.removed(gone))


def _reached(measured: Measurement, batch: int, predicted: float) -> Reached:
    found, rows = measured.compare(0, 1, batch), [measured.row(model, batch) for model in (0, 1)]
    if found.speedup is None:
        why = next((row.error for row in rows if row.error), "no launch measured both")
        raise MeasureError(f"the pruned network can't be measured at batch {batch}: {why}")
    return Reached(
        batch=batch,
        predicted=predicted,
        speedup=found.speedup,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        verdict=found.verdict,
        original_us=rows[0].median_us,
        pruned_us=rows[1].median_us,
    )


def _met(asked: SpeedSpec, reached: Reached) -> bool:
    if asked.speedup is not None:
        return reached.verdict == "faster" and reached.speedup >= asked.speedup * (1 - SHORT)
    return asked.max_latency_us is not None and reached.pruned_us <= asked.max_latency_us


def _export(model: keras.Model, path: Path) -> None:
    from harness.export.examples import random_examples
    from harness.export.proven import export

    export(model, path, random_examples(model, count=2))


def _unreachable(search: Search, targets: Sequence[float]) -> str:
    """What to say where no widths are predicted to do: the fastest that there are."""
    choice = market(search.models, search.on_offer, targets).cheapest()
    widths = search.on_offer.chosen(choice)
    predicted = ", ".join(
        f"{1 / model.ratios(widths)[0]:.2f}x ({model.full_us * model.ratios(widths)[0]:.0f} us) at batch {batch}"
        for model, batch in zip(search.models, search.asked.measuring.batch_sizes, strict=True)
    )
    kept = _plan(search, widths).kept
    return (
        f"{search.asked.label} is not reachable by fewer channels: the fastest would be {predicted}, predicted, with "
        f"{_listed({layer: len(left) for layer, left in kept.items()})}; nothing is written"
    )


def _short(search: Search, rounds: Sequence[Round]) -> str:
    """What to say where the measurement says no: the best that was measured."""
    best = max(rounds, key=lambda each: min(reached.speedup for reached in each.reached))
    found = ", ".join(
        f"{each.speedup:.2f}x [{each.ci_low:.2f}, {each.ci_high:.2f}] ({each.pruned_us:.0f} us) at batch {each.batch}"
        for each in best.reached
    )
    return (
        f"{search.asked.label} was not reached: measured {found}, with {_listed(best.widths)}, the best of "
        f"{len(rounds)} tries; nothing is written"
    )


def _listed(widths: Mapping[str, int]) -> str:
    """The widths of the layers, the first few of many."""
    parts = [f"{layer} {width}" for layer, width in widths.items()]
    return ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")
