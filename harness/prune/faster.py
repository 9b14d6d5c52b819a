"""Prune until it is as fast as asked, by the model first and by a measurement in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from harness.base.crash import scratch
from harness.base.errors import DeviceError, MeasureError, PruneError, TooSlowError
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
    from harness.base.progress import Progress
    from harness.measure.measurement import Measurement

ROUNDS = 3
INVENTED = ("uint8", "bool")
FEWEST = 4  # channels of a group, for its width to be worth choosing
BUSY = "the machine is so busy that every launch was disturbed; try again when it is idle"
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


@dataclass(frozen=True)
class Try:
    """A choice of widths, the plan that makes them, and what it reached."""

    spent: Spent
    plan: ChannelPlan
    round: Round


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
    _check_inputs(model)
    free = {group: each for group, each in free_groups(found).items() if len(each.channels) >= FEWEST}
    if not free:
        raise PruneError(f"no layer has {FEWEST} channels or more that could go, so none is worth it; give --ratio")
    raw = scores_of(model, found, free, asked.importance, data)
    scores = raw if asked.importance in ABOUT_THE_LOSS else {group: _shares(each) for group, each in raw.items()}
    spec = asked.measuring
    with scratch() as folder:
        original = folder / "original.onnx"
        with pricing.progress.task("export the original"):
            _export(model, original)
        device = _device(original, asked)
        table = pricing.table(model, found, tuple(free), spec, device)
        models = tuple(LatencyModel(table, batch) for batch in spec.batch_sizes)
        on_offer = offers(models, found.channels.groups(), scores)
        search = Search(model, found, scores, asked, models, on_offer, device, original, folder)
        speed, plan = _searched(search, table, pricing.progress)
    with pricing.progress.task("prove"):
        result = cut_and_prove(model, found, plan, seed=seed)
    return replace(result, speed=speed)


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


def _check_inputs(model: keras.Model) -> None:
    """Refuse a network that can't be fed with invented numbers.

    Raises:
        PruneError: an input's size is not fixed, or it takes integers that mean something.
    """
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise PruneError(f"the size of input '{tensor.name}' varies, so its latency can't be told; give --ratio")
        if not (tensor.dtype.startswith(("float", "bfloat")) or tensor.dtype in INVENTED):
            raise PruneError(
                f"input '{tensor.name}' takes {tensor.dtype}, which can't be invented, so its latency can't be "
                "measured; give --ratio"
            )


def _searched(search: Search, table: LatencyTable, progress: Progress) -> tuple[Speed, ChannelPlan]:
    """What was reached, and the plan that did; of several tries that reach the target, the one that loses the least.

    Raises:
        TooSlowError: none does.
    """
    tries = _rounds(search, progress)
    met = [number for number, each in enumerate(tries) if each.round.met]
    if not met:
        raise TooSlowError(_short(search, [each.round for each in tries]))
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
    return speed, best.plan


def _rounds(search: Search, progress: Progress) -> list[Try]:
    """Choose and measure; again, corrected by what was measured, where it is too slow, or faster than it need be."""
    targets = [_target(search.asked, model) for model in search.models]
    limits = list(targets)
    tries: list[Try] = []
    for _ in range(ROUNDS):
        try:
            spent = market(search.models, search.on_offer, limits).spend()
        except UnaffordableError:
            if not tries:
                raise TooSlowError(_unreachable(search, targets)) from None
            break
        except ChannelError as error:
            raise PruneError(f"{error}, so widths can't be chosen by latency; give --ratio") from error
        if any(each.spent.choice == spent.choice for each in tries):
            break
        tries.append(_tried(search, spent, progress))
        now = tries[-1].round
        shares = [_share(search.asked, model, each) for model, each in zip(search.models, now.reached, strict=True)]
        if now.met and max(share / target for share, target in zip(shares, targets, strict=True)) > 1 - BEYOND:
            break
        limits = [
            target / (share * each.predicted) for target, share, each in zip(targets, shares, now.reached, strict=True)
        ]
    return tries


def _target(asked: SpeedSpec, model: LatencyModel) -> float:
    """The share of the original's latency that may be left."""
    if asked.speedup is not None:
        return 1 / asked.speedup
    assert asked.max_latency_us is not None  # SpeedSpec sees to it
    return asked.max_latency_us / model.full_us


def _share(asked: SpeedSpec, model: LatencyModel, reached: Reached) -> float:
    """The measured latency in the unit of the target."""
    return 1 / reached.speedup if asked.speedup is not None else reached.pruned_us / model.full_us


def _tried(search: Search, spent: Spent, progress: Progress) -> Try:
    """Cut to the widths chosen, export, and measure against the original."""
    widths = search.on_offer.chosen(spent.choice)
    plan = _plan(search, widths)
    pruned = search.folder / "pruned.onnx"
    with progress.task("prune and export"):
        smaller = remove(search.model, search.found, removal_of(search.found, plan))
        _export(smaller, pruned)
    measured = measure([search.original, pruned], search.asked.measuring, progress=progress)
    predicted = [1 / float(model.ratios(widths)[0]) for model in search.models]
    reached = tuple(
        _reached(measured, batch, ratio)
        for batch, ratio in zip(search.asked.measuring.batch_sizes, predicted, strict=True)
    )
    met = all(_met(search.asked, each) for each in reached)
    widths_of = {layer: len(kept) for layer, kept in plan.kept.items()}
    return Try(spent, plan, Round(widths=widths_of, reached=reached, met=met))


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
        why = next((row.error for row in rows if row.error), BUSY)
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
        f"{each.interval} ({each.pruned_us:.0f} us, {each.verdict}) at batch {each.batch}" for each in best.reached
    )
    return (
        f"{search.asked.label} was not reached: measured {found}, with {_listed(best.widths)}, the best of "
        f"{len(rounds)} tries; nothing is written"
    )


def _listed(widths: Mapping[str, int]) -> str:
    """The widths of the layers, the first few of many."""
    parts = [f"{layer} {width}" for layer, width in widths.items()]
    return ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")
