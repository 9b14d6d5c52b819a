"""The accuracies of two runs, variant by variant, on the same test examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import stats
from harness.base.errors import SpecError
from harness.compare.answers import Interval
from harness.compare.pooling import accuracy_over_seeds, tested_difference
from harness.compare.results import Results
from harness.compare.variants import task_of
from harness.records import Record, Row


class AccuracyChange(Record):
    """A variant now against the one of the same name before, over all seeds that finished, learned or not.

    `change` is its mean accuracy now minus that before, on the same test examples; where both runs have the same seeds,
    they are compared seed by seed. `p_adjusted` is corrected for all variants.
    """

    name: str
    examples: int
    seeds_before: int
    seeds_after: int
    before: Interval
    after: Interval
    change: Interval
    p_adjusted: float
    verdict: stats.Preference


def accuracy_changes(before: Results, after: Results) -> tuple[AccuracyChange, ...]:
    """Compare the variants that have an accuracy in both runs, corrected together; none where there are none.

    Raises:
        SpecError: a variant was judged on other test examples; it is named, and what differs.
    """
    then, now = judged_rows(before), judged_rows(after)
    names = [name for name in now if name in then]
    problems = [problem for name in names for problem in differences(then[name][0], now[name][0])]
    if problems:
        raise SpecError(f"judged on different test examples, so not comparable: {'; '.join(dict.fromkeys(problems))}")
    found = [_tested(then[name], now[name]) for name in names]
    adjusted = stats.holm([one.p_value for one in found])
    return tuple(
        _change(name, then[name], now[name], one, p) for name, one, p in zip(names, found, adjusted, strict=True)
    )


def judged_rows(results: Results) -> dict[str, list[Row]]:
    """The rows with an accuracy by variant, in the order of their seeds."""
    found: dict[str, list[Row]] = {}
    for row in sorted(results.rows, key=lambda row: row.case.seed):
        if row.accuracy is not None:
            found.setdefault(f"{row.case.network}, {row.variant}", []).append(row)
    order = dict.fromkeys(f"{row.case.network}, {row.variant}" for row in results.rows)
    return {name: found[name] for name in order if name in found}


def differences(then: Row, now: Row) -> Iterator[str]:
    """How the test examples of two rows differ; nothing where they are the same, as far as was recorded."""
    old, new = task_of(then.case.data), task_of(now.case.data)
    if old != new:
        yield f"data {old} against {new}"
        return
    sizes = [len(row.accuracy.correct) for row in (then, now) if row.accuracy is not None]
    if sizes[0] != sizes[1]:
        yield f"{old}: {sizes[0]:,} examples against {sizes[1]:,}"
    elif _changed(then, now):
        yield f"{old}: what it holds has changed"


def _changed(then: Row, now: Row) -> bool:
    """Whether the examples behind the same name are others. A scale changes the numbers, but not the examples."""
    known = then.examples is not None and now.examples is not None
    if known and then.case.data.scale == now.case.data.scale:
        return then.examples != now.examples
    chances = [row.accuracy.chance for row in (then, now) if row.accuracy is not None]
    return None not in chances and chances[0] != chances[1]


def _tested(then: Sequence[Row], now: Sequence[Row]) -> stats.Interval:
    paired = [row.case.seed for row in then] == [row.case.seed for row in now]
    return tested_difference(_corrects(now), _corrects(then), paired_seeds=paired, these_seeds=False)


def _corrects(rows: Sequence[Row]) -> list[str]:
    return [row.accuracy.correct for row in rows if row.accuracy is not None]


def _change(name: str, then: Sequence[Row], now: Sequence[Row], found: stats.Interval, p: float) -> AccuracyChange:
    old, new = _corrects(then), _corrects(now)
    return AccuracyChange(
        name=name,
        examples=len(new[0]),
        seeds_before=len(old),
        seeds_after=len(new),
        before=accuracy_over_seeds(old),
        after=accuracy_over_seeds(new),
        change=Interval(value=found.estimate, low=found.low, high=found.high),
        p_adjusted=p,
        verdict=stats.preference(found.estimate, p),
    )
