"""Choose widths until a network is as fast as asked, by the model first and by a measurement in the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.crash import scratch
from harness.base.errors import DeviceError, PruneError, TooSlowError
from harness.channels.allocate import Scores
from harness.channels.channels import Group
from harness.measure.group import placement
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.table import LatencyTable
from harness.measure.runtime.placement import device_of
from harness.prune.choose.amounts import COMPARABLE, MISSED
from harness.prune.price.network import Network
from harness.prune.price.offers import offers
from harness.prune.price.pricing import Pricing
from harness.prune.speed.choosing import chosen, used
from harness.prune.speed.judge import Judge, is_affordable
from harness.prune.speed.refusals import too_slow, unreachable
from harness.prune.speed.search import Search
from harness.prune.speed.trial import Try, tried
from harness.records import ChannelPlan, Round, Speed
from harness.spec import MOST_ROUNDS, SpeedSpec

if TYPE_CHECKING:
    from harness.base.progress import Progress

BEYOND = 0.04  # a speed-up so much above the target gives channels away: others are tried
FEWEST = 4  # channels of a group, for its width to be worth choosing


def choose_widths(
    network: Network, asked: SpeedSpec, pricing: Pricing, judge: Judge | None = None
) -> tuple[ChannelPlan, Speed]:
    """Choose widths by latency, measured against the original: the plan that makes them, and what they reached.

    Several that are as fast as asked are told apart by what the judge says of them; without one, or where the network
    is so large that this takes long, by what they lose by the importance.

    Raises:
        TooSlowError: what is asked was not reached; its message says what would be.
        PruneError: nothing can be pruned, or a layer's widths can't be chosen by latency.
        ExportError, ParityError: it can't be exported, or the file does not compute what Keras computes.
        DeviceError, MeasureError: it can't be measured as asked.
    """
    free = worth_choosing(network)
    scores = network.scores(free, asked.importance)
    if asked.importance not in COMPARABLE:
        scores = {group: _shares(each) for group, each in scores.items()}
    spec = asked.measuring
    with scratch() as folder:
        with pricing.progress.task("prepare the original"):
            original = network.whole(folder)
        device = _device(original, asked, folder)
        table = pricing.table(network, tuple(free), spec, device, original)
        models = tuple(LatencyModel(table, batch) for batch in spec.batch_sizes)
        on_offer = offers(models, network.channels.groups(), scores, 1 if asked.importance in MISSED else 2)
        if judge is not None and not is_affordable(judge, models[0].full_us / spec.batch_sizes[0]):
            judge = None
        search = Search(network, scores, asked, models, on_offer, device, original, folder, judge)
        return _reached(search, table, pricing.progress)


def worth_choosing(network: Network) -> dict[int, Group]:
    """The groups whose widths are worth choosing, by their number.

    Raises:
        PruneError: there is no such group.
    """
    free = {group: each for group, each in network.free().items() if len(each.channels) >= FEWEST}
    if not free:
        raise PruneError(f"no layer has {FEWEST} channels or more that could go, so none is worth it; prune by a ratio")
    return free


def _shares(scores: Scores) -> Scores:
    """Scores that say nothing between groups: shares of each group's."""
    return scores / (scores.sum() or 1.0)


def _device(path: Path, asked: SpeedSpec, folder: Path) -> str:
    """`cpu` or `cuda`: where it really runs.

    Raises:
        DeviceError: `cuda` is asked for, and a part of the network does not run there.
    """
    if asked.device == "cpu":
        return "cpu"
    try:
        found = device_of(placement(path, asked.device, asked.inputs).model_dump())
    except DeviceError as error:
        if path.parent != folder:
            raise
        raise DeviceError(str(error).replace(str(path), "the exported network")) from None
    return "cpu" if found == "cpu" else "cuda"


def _reached(search: Search, table: LatencyTable, progress: Progress) -> tuple[ChannelPlan, Speed]:
    """The plan that reached the target, and what it reached; of several the one that keeps the most.

    Raises:
        TooSlowError: none does.
    """
    tries = _tries(search, progress)
    tries, place = chosen(search, tries, progress)
    if place is None:
        raise TooSlowError(too_slow(search, [each.round for each in tries]))
    best = tries[place]
    speed = Speed(
        asked=search.asked,
        device=search.device,
        conditions=table.conditions,
        rounds=tuple(each.round for each in tries),
        chosen=place,
        loss=best.spent.loss,
        least=best.spent.least,
        table_seconds=table.seconds,
    )
    return best.plan, speed


def _tries(search: Search, progress: Progress) -> list[Try]:
    """Choose and measure; where that is too slow, or faster than it need be, measure choices around it side by side.

    Where there is a judge, there are several from the start for it to tell apart.

    Raises:
        TooSlowError: no widths are predicted to do.
    """
    first = search.choose(search.targets)
    if first is None:
        fastest = search.fastest()
        raise TooSlowError(unreachable(search, fastest), fastest=search.plan(fastest))
    tries = tried(search, [first] if search.judge is None else search.fan(search.targets), progress)
    for _ in range(MOST_ROUNDS - 1):
        if any(_close(search, each.round) for each in tries):
            break
        known = {each.spent.choice for each in tries}
        others = [each for each in search.fan(_corrected(search, tries[-1].round)) if each.choice not in known]
        if not others:
            break
        tries += tried(search, others, progress)
    return tries


def _close(search: Search, made: Round) -> bool:
    """Whether it is as fast as asked, and not much faster."""
    return made.met and used(search, made) > 1 - BEYOND


def _corrected(search: Search, made: Round) -> list[float]:
    """Limits for the prediction, by how it was wrong."""
    measured = zip(search.targets, search.shares(made.reached), made.reached, strict=True)
    return [target / (share * each.predicted) for target, share, each in measured]
