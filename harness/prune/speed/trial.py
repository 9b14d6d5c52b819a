"""One try: widths cut, written as ONNX, and measured against the original by the paired protocol."""

from __future__ import annotations

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


def tried(search: Search, spent: Spent, progress: Progress) -> Try:
    """Write the network cut to the widths chosen, and measure it.

    Raises:
        ExportError, ParityError: it can't be exported, or the file does not compute what Keras computes.
        MeasureError: it can't be measured.
    """
    widths = search.on_offer.chosen(spent.choice)
    plan = search.plan(widths)
    pruned = search.folder / "pruned.onnx"
    with progress.task("cut to the widths chosen"):
        search.network.write(removal_of(search.network, plan), pruned)
    spec = search.asked.measuring
    measured = measure([search.original, pruned], spec, progress=progress)
    predicted = search.predicted(widths)
    reached = tuple(_reached(measured, *each) for each in zip(spec.batch_sizes, predicted, strict=True))
    widths_of = {layer: len(kept) for layer, kept in plan.kept.items()}
    met = all(_met(search.asked, each) for each in reached)
    return Try(spent, plan, Round(widths=widths_of, reached=reached, met=met))


def _reached(measured: Measurement, batch: int, predicted: float) -> Reached:
    found, rows = measured.compare(0, 1, batch), [measured.row(model, batch) for model in (0, 1)]
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
