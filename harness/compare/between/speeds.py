"""Speeds measured at two times, compared through a model that is in both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness import stats
from harness.base.errors import MeasureError
from harness.compare.between.occasions import Occasion
from harness.measure.conditions import require_same_conditions
from harness.measure.measurement import Measurement
from harness.measure.row import MeasuredRow
from harness.records import Record
from harness.spec import Mode

NOTHING_SHARED = (
    "no file is in both measurements, nor in two runs a graph, so nothing tells the models from the occasions; measure "
    "them together, or each beside the same baseline"
)
NO_NAME = (
    "beside the file that is there both times, no model has the same name; measure a baseline and what changed, each "
    "time under the same names"
)


class Change(Record):
    """A model now against the one of the same name before; a speed-up above 1 is faster.

    Each is taken relative to a model that is there both times, so that a machine that is slower today does not count.
    Where a row failed on one of the occasions, the verdict is `invalid` and there are no numbers. Of `same graph`,
    whatever was measured of it, no change of speed is to be expected.
    """

    name: str
    batch: int
    mode: Mode
    speedup: float | None
    ci_low: float | None
    ci_high: float | None
    p_adjusted: float | None
    verdict: stats.Verdict | Literal["invalid", "same graph"]


@dataclass(frozen=True)
class _Pair:
    """A model's row now, and how much its speed over the reference grew; None where a row failed."""

    name: str
    row: MeasuredRow
    interval: stats.Interval | None
    same_graph: bool
    margin: float


def changes(before: Sequence[Occasion], after: Sequence[Occasion]) -> tuple[Change, ...]:
    """Compare the models that have the same name on both occasions, corrected together; none where there are none.

    Where a run has several measurements, those that have a model in common are compared. The reference is the first
    file that is there both times; in runs, where there is none, the first graph. A file that is the same both times
    should come out equal, and shows how far two occasions can be trusted. The margin is the second occasion's.

    Raises:
        MeasureError: the conditions differ, or the occasions have no model or no batch size in common.
    """
    pairs = [pair for then, now in _matched(before, after) for pair in _pairs(then, now)]
    tested = [pair.interval.p_value for pair in pairs if pair.interval is not None and not pair.same_graph]
    adjusted = iter(stats.holm(tested))
    return tuple(_change(pair, None if pair.interval is None or pair.same_graph else next(adjusted)) for pair in pairs)


def _matched(before: Sequence[Occasion], after: Sequence[Occasion]) -> list[tuple[Occasion, Occasion]]:
    """Those that can be compared; where each has one, these, whatever is wrong with them."""
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    pairs = [(then, now) for now in after for then in before if _reference(then, now)]
    if not pairs:
        raise MeasureError(NOTHING_SHARED)
    return pairs


def _pairs(before: Occasion, after: Occasion) -> Iterator[_Pair]:
    """Each model that is there both times, at each batch size and in each mode of both."""
    require_same_conditions(before.measurement, after.measurement)
    reference = _reference(before, after)
    if reference is None:
        raise MeasureError(NOTHING_SHARED)
    named = _named(before, after)
    for batch in _batch_sizes(before.measurement, after.measurement):
        for mode in after.measurement.spec.modes:
            for (old, new), name in named.items():
                if old == reference[0] or new == reference[1]:
                    continue
                then = [before.measurement.row(index, batch, mode) for index in (reference[0], old)]
                now = [after.measurement.row(index, batch, mode) for index in (reference[1], new)]
                same = bool(before.graphs and after.graphs) and before.graphs[old] == after.graphs[new]
                yield _Pair(name, now[1], _difference(*then, *now), same, after.measurement.spec.margin)


def _batch_sizes(before: Measurement, after: Measurement) -> list[int]:
    """Those of both."""
    then, now = before.spec.batch_sizes, after.spec.batch_sizes
    if not set(then) & set(now):
        told = " against ".join(", ".join(map(str, sizes)) for sizes in (then, now))
        raise MeasureError(f"measured at batch sizes {told}: none is in both; measure again with the same batch sizes")
    return [batch for batch in now if batch in then]


def _named(before: Occasion, after: Occasion) -> dict[tuple[int, int], str]:
    """What to call each pair of models that share a name: by its title, where no other pair has the same."""
    first: dict[tuple[int, int], str] = {}
    for name, new in after.names.items():
        if name in before.names:
            first.setdefault((before.names[name], new), name)
    titles = [after.titles.get(name, name) for name in first.values()]
    return {
        pair: title if titles.count(title) == 1 else name
        for (pair, name), title in zip(first.items(), titles, strict=True)
    }


def _difference(
    reference_then: MeasuredRow, then: MeasuredRow, reference_now: MeasuredRow, now: MeasuredRow
) -> stats.Interval | None:
    """The log speed-up from then to now, each relative to its reference; None where a row failed."""
    if any(row.error for row in (reference_then, then, reference_now, now)):
        return None
    return stats.sequential_difference(reference_now.log_ratios(now), reference_then.log_ratios(then))


def _change(pair: _Pair, p: float | None) -> Change:
    interval = pair.interval
    bounded = interval is not None and math.isfinite(interval.low)
    verdict: stats.Verdict | Literal["invalid", "same graph"] = "invalid"
    if interval is not None:
        verdict = "same graph" if p is None else stats.verdict(interval, p, pair.margin)
    return Change(
        name=pair.name,
        batch=pair.row.batch,
        mode=pair.row.mode,
        speedup=None if interval is None else math.exp(interval.estimate),
        ci_low=math.exp(interval.low) if interval is not None and bounded else None,
        ci_high=math.exp(interval.high) if interval is not None and bounded else None,
        p_adjusted=p,
        verdict=verdict,
    )


def _reference(before: Occasion, after: Occasion) -> tuple[int, int] | None:
    """The positions of the first file that is in both; else of the first graph."""
    return _shared(_files(before.measurement), _files(after.measurement)) or _shared(before.graphs, after.graphs)


def _files(measurement: Measurement) -> tuple[str, ...]:
    return tuple(model.sha256 for model in measurement.models)


def _shared(first: Sequence[str], second: Sequence[str]) -> tuple[int, int] | None:
    """The positions of the first digest that is in both."""
    return next(((index, second.index(one)) for index, one in enumerate(first) if one in second), None)
