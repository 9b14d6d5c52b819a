"""Two measurements made at different times, compared through a file that is in both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from harness import stats
from harness.base.errors import MeasureError
from harness.compare.occasions import Occasion
from harness.measure.conditions import require_same_conditions
from harness.measure.measurement import MeasuredRow, Measurement
from harness.measure.verdict import Verdict, verdict
from harness.records import Record
from harness.spec import Mode

NOTHING_SHARED = (
    "no file is in both measurements, so nothing tells the models from the occasions; measure them together, or "
    "each beside the same baseline"
)


class Change(Record):
    """A model now against the one of the same name before; a speed-up above 1 is faster.

    Each is taken relative to a file that is there both times, so that a machine that is slower today does not count.
    Where a row failed on one of the occasions, the verdict is `invalid` and there are no numbers.
    """

    name: str
    batch: int
    mode: Mode
    speedup: float | None
    ci_low: float | None
    ci_high: float | None
    p_adjusted: float | None
    verdict: Verdict | Literal["invalid"]


def changes(before: Sequence[Occasion], after: Sequence[Occasion]) -> tuple[Change, ...]:
    """Compare the models that have the same name on both occasions, corrected together.

    Where a run has several measurements, those that have a file in common are compared. The reference is the first
    file that is there both times. A model that is itself the same file both times should
    come out equal, and shows how far two occasions can be trusted. The margin is the second occasion's.

    Raises:
        MeasureError: the conditions differ, or the occasions have no file, or no name beside it, in common.
    """
    compared = [each for then, now in _matched(before, after) for each in _compared(then, now)]
    if not compared:
        raise MeasureError(
            "beside the file that is there both times, no model and batch size has the same name; measure a baseline "
            "and what changed, each time under the same names and with the same batch sizes: `harness measure --batch`"
        )
    adjusted = iter(stats.holm([interval.p_value for *_, interval in compared if interval is not None]))
    return tuple(
        _change(now, row, interval, None if interval is None else next(adjusted)) for now, row, interval in compared
    )


def _matched(before: Sequence[Occasion], after: Sequence[Occasion]) -> list[tuple[Occasion, Occasion]]:
    """Those that can be compared; where each has one, these, whatever is wrong with them."""
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    pairs = [(then, now) for now in after for then in before if _shared(then.measurement, now.measurement)]
    if not pairs:
        raise MeasureError(NOTHING_SHARED)
    return pairs


def _compared(before: Occasion, after: Occasion) -> Iterator[tuple[Occasion, MeasuredRow, stats.Interval | None]]:
    """Each model that is there both times: its row afterwards, and how much its speed over the reference grew."""
    require_same_conditions(before.measurement, after.measurement)
    shared = _shared(before.measurement, after.measurement)
    if shared is None:
        raise MeasureError(NOTHING_SHARED)
    ours, theirs = shared
    earlier = {name: index for index, name in enumerate(before.names) if index != ours}
    pairs = [(earlier[name], index) for index, name in enumerate(after.names) if index != theirs and name in earlier]
    for batch in after.measurement.spec.batch_sizes:
        for mode in after.measurement.spec.modes:
            if batch not in before.measurement.spec.batch_sizes:
                continue
            for old, new in pairs:
                rows = [
                    *(before.measurement.row(index, batch, mode) for index in (ours, old)),
                    *(after.measurement.row(index, batch, mode) for index in (theirs, new)),
                ]
                yield after, rows[-1], _difference(*rows)


def _difference(
    reference_then: MeasuredRow, then: MeasuredRow, reference_now: MeasuredRow, now: MeasuredRow
) -> stats.Interval | None:
    """The log speed-up from then to now, each relative to its reference; None where a row failed."""
    if any(row.error for row in (reference_then, then, reference_now, now)):
        return None
    return stats.sequential_difference(reference_now.log_ratios(now), reference_then.log_ratios(then))


def _change(after: Occasion, row: MeasuredRow, interval: stats.Interval | None, p: float | None) -> Change:
    bounded = interval is not None and math.isfinite(interval.low)
    return Change(
        name=after.names[row.model],
        batch=row.batch,
        mode=row.mode,
        speedup=None if interval is None else math.exp(interval.estimate),
        ci_low=math.exp(interval.low) if interval is not None and bounded else None,
        ci_high=math.exp(interval.high) if interval is not None and bounded else None,
        p_adjusted=p,
        verdict="invalid" if interval is None or p is None else verdict(interval, p, after.measurement.spec.margin),
    )


def _shared(first: Measurement, second: Measurement) -> tuple[int, int] | None:
    """The positions of the first file that is in both."""
    theirs = {model.sha256: index for index, model in reversed(list(enumerate(second.models)))}
    for index, model in enumerate(first.models):
        if model.sha256 in theirs:
            return index, theirs[model.sha256]
    return None
