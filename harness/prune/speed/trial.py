"""Tries: widths cut, written as ONNX, and measured against the original by the paired protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.base.errors import MeasureError
from harness.base.progress import Progress
from harness.channels.spend import Spent
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.prune.choose.planning import removal_of
from harness.prune.speed.search import Search
from harness.records import ChannelPlan, Reached, Round
from harness.spec import SpeedSpec

SHORT = 0.03  # a speed-up that is so much below the target still meets it
BUSY = "the machine is so busy that every launch was disturbed; try again when it is idle"


@dataclass(frozen=True)
class Try:
    """A choice of widths, the plan that makes them, and what it reached."""

    spent: Spent
    plan: ChannelPlan
    round: Round


def tried(search: Search, choices: Sequence[Spent], progress: Progress) -> list[Try]:
    """Write the network cut to each choice of widths, and measure all of them in one run.

    Raises:
        ExportError, ParityError: it can't be exported, or the file does not compute what Keras computes.
        MeasureError: it can't be measured.
    """
    plans = [search.plan(search.on_offer.chosen(each.choice)) for each in choices]
    files = [search.folder / f"pruned-{number}.onnx" for number in range(len(plans))]
    with progress.task("cut to the widths chosen"):
        for plan, file in zip(plans, files, strict=True):
            search.network.write(removal_of(search.network, plan), file)
    measured = measure([search.original, *files], search.asked.measuring, progress=progress)
    return [
        Try(spent, plan, _round(search, measured, number, spent, plan))
        for number, (spent, plan) in enumerate(zip(choices, plans, strict=True), start=1)
    ]


def _round(search: Search, measured: Measurement, number: int, spent: Spent, plan: ChannelPlan) -> Round:
    predicted = search.predicted(search.on_offer.chosen(spent.choice))
    batches = search.asked.measuring.batch_sizes
    reached = tuple(_reached(measured, number, *each) for each in zip(batches, predicted, strict=True))
    widths = {layer: len(kept) for layer, kept in plan.kept.items()}
    return Round(widths=widths, reached=reached, met=all(_met(search.asked, each) for each in reached))


def _reached(measured: Measurement, number: int, batch: int, predicted: float) -> Reached:
    found, rows = measured.compare(0, number, batch), [measured.row(model, batch) for model in (0, number)]
    original, pruned = (row.median_us for row in rows)
    if found.speedup is None or original is None or pruned is None:
        why = next((row.error for row in rows if row.error), BUSY)
        raise MeasureError(f"the pruned network can't be measured at batch {batch}: {why}")
    return Reached(
        batch=batch,
        predicted=predicted,
        speedup=found.speedup,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        verdict=found.verdict,
        original_us=original,
        pruned_us=pruned,
    )


def _met(asked: SpeedSpec, reached: Reached) -> bool:
    if asked.speedup is not None:
        return reached.verdict == "faster" and reached.speedup >= asked.speedup * (1 - SHORT)
    return asked.max_latency_us is not None and reached.pruned_us <= asked.max_latency_us
