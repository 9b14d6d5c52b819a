"""What changed between two runs, or two measurements: speeds, accuracies, and what is there only once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from harness.base.errors import HarnessError, MeasureError, SpecError
from harness.compare.between.accuracies import AccuracyChange, accuracy_changes
from harness.compare.between.occasions import occasions_of, read_occasion
from harness.compare.between.speeds import NO_NAME, Change, changes
from harness.compare.results import RESULTS_FILE, Results, read_results
from harness.records import Record

Only = Literal["speed", "accuracy"]
ONLY_ACCURACY = "; --only accuracy compares what does not depend on that"
ONLY_SPEED = "; --only speed compares what does not depend on that"


class Changes(Record):
    """What changed. `failed` maps the rows that failed now, and did not before, to the reason.

    `only_before` and `only_after` are the variants that one run alone has.
    """

    schema_version: Literal["harness-compare/1"] = "harness-compare/1"
    before: str
    after: str
    speed: tuple[Change, ...] = ()
    accuracy: tuple[AccuracyChange, ...] = ()
    failed: Mapping[str, str] = {}
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()

    @property
    def regressions(self) -> tuple[str, ...]:
        """What became worse, a line each: slower, less accurate, or failed."""
        slower = {
            "slower": "slower",
            "invalid": "could not be measured on one of the occasions",
        }
        return (
            *(f"{one.name}, batch {one.batch}: {slower[one.verdict]}" for one in self.speed if one.verdict in slower),
            *(f"{one.name}: less accurate" for one in self.accuracy if one.verdict == "worse"),
            *(f"{name}: failed ({reason})" for name, reason in self.failed.items()),
        )


def changes_between(before: Path, after: Path, only: Only | None = None) -> Changes:
    """Compare two runs, by their folders or their results.json, or two files from `harness measure --out`.

    Of files, and of a run and a file, the speeds are compared; of runs also the accuracies, or `only` one of both.

    Raises:
        MeasureError: there is nothing to compare, or the speeds were measured under other conditions.
        SpecError: a run can't be read, or its accuracies are those of other test examples.
    """
    sources = [_read(path) for path in (before, after)]
    runs = [one for one in sources if isinstance(one, Results)]
    if len(runs) == 2:
        return _of_runs(str(before), str(after), runs[0], runs[1], only)
    if only == "accuracy":
        raise SpecError("--only accuracy: a measurement has none; give two folders of runs")
    then, now = (occasions_of(one) if isinstance(one, Results) else (read_occasion(one),) for one in sources)
    for path, found in ((before, then), (after, now)):
        if not found:
            raise MeasureError(f"{path}: nothing was measured in this run")
    speed = changes(then, now)
    if not speed:
        raise MeasureError(NO_NAME)
    return Changes(before=str(before), after=str(after), speed=speed)


def _read(path: Path) -> Results | Path:
    """A run's results; the path itself where it can only be a measurement."""
    return read_results(path) if path.is_dir() or path.name == RESULTS_FILE else path


def _of_runs(first: str, second: str, before: Results, after: Results, only: Only | None) -> Changes:
    names = [list(dict.fromkeys(f"{row.case.network}, {row.variant}" for row in run.rows)) for run in (before, after)]
    if not set(names[0]) & set(names[1]):
        raise SpecError(f"{first} and {second} have no network and pruning in common; compare runs of the same study")
    broken = {row.name for row in before.rows if row.error}
    speed = () if only == "accuracy" else _speed(before, after, alone=only == "speed")
    accuracy = () if only == "speed" else _accuracy(before, after, alone=only == "accuracy")
    if not speed and not accuracy:
        raise SpecError(f"{first} and {second}: nothing was measured or judged in both; run the study again")
    return Changes(
        before=first,
        after=second,
        speed=speed,
        accuracy=accuracy,
        failed={row.name: row.error for row in after.rows if row.error and row.name not in broken},
        only_before=tuple(name for name in names[0] if name not in names[1]),
        only_after=tuple(name for name in names[1] if name not in names[0]),
    )


def _speed(before: Results, after: Results, alone: bool) -> tuple[Change, ...]:
    then, now = occasions_of(before), occasions_of(after)
    hint = "" if alone else ONLY_ACCURACY
    if bool(then) != bool(now):
        raise MeasureError(f"speeds were measured in one of the runs alone; measure both{hint}")
    try:
        return changes(then, now) if then else ()
    except MeasureError as error:
        raise MeasureError(f"{error}{hint}") from None


def _accuracy(before: Results, after: Results, alone: bool) -> tuple[AccuracyChange, ...]:
    try:
        return accuracy_changes(before, after)
    except HarnessError as error:
        raise SpecError(f"{error}{'' if alone else ONLY_SPEED}") from None
