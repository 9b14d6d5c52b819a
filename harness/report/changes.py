"""What changed between two runs: a headline, tables for the terminal, and Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.compare.between import Changes
from harness.compare.between.accuracies import AccuracyChange
from harness.compare.between.speeds import Change
from harness.measure.tables import COLOURS
from harness.report import format as fmt
from harness.report.markdown import markdown_text
from harness.report.tables.table import Cell, Column, Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

SPEED = (Column("variant", number=False), Column("batch"), Column("speed-up"), Column("verdict", number=False))
ACCURACY = (
    Column("variant", number=False),
    Column("before %"),
    Column("now %"),
    Column("change, points"),
    Column("verdict", number=False),
)
CHANGED = ("faster", "better", "slower", "worse", "invalid")
ORDER = (*CHANGED, "equivalent", "inconclusive", "same graph")


def headline(found: Changes) -> str:
    """Whether anything became worse, and how many of each verdict: `worse than before: 1 faster, 2 worse`."""
    return f"{_whole(found)}: {_counted(found)}"


def _whole(found: Changes) -> str:
    return "worse than before" if found.regressions else "nothing is shown to be worse"


def _counted(found: Changes) -> str:
    """`1 faster, 2 worse, 3 inconclusive`, and how many rows failed."""
    verdicts: list[str] = [*(one.verdict for one in found.speed), *(one.verdict for one in found.accuracy)]
    parts = [f"{verdicts.count(name)} {name}" for name in ORDER if name in verdicts]
    return ", ".join([*parts, *([f"{len(found.failed)} failed"] if found.failed else [])])


def notes(found: Changes) -> tuple[str, ...]:
    """What became worse, and what is in one run alone, a line each."""
    alone = (("before", found.only_before), ("now", found.only_after))
    return (
        *(f"worse: {line}" for line in found.regressions),
        *(f"only {when}, so not compared: {'; '.join(names)}" for when, names in alone if names),
    )


def terminal_tables(found: Changes) -> list[RichTable]:
    """Speeds and accuracies, as far as each was compared."""
    return [_terminal(title, table) for title, table in _tables(found)]


def markdown(found: Changes) -> str:
    """The same as Markdown: the verdict, what changed, and folded away what did not."""
    lines = [f"### harness compare: {_whole(found)}", "", f"{markdown_text(_counted(found))}."]
    said = [f"- {markdown_text(line)}" for line in notes(found)]
    lines += ["", *said] if said else []
    changed, rest = (_only(found, wanted) for wanted in (True, False))
    lines += _sections(changed)
    if count := len(rest.speed) + len(rest.accuracy):
        rows = fmt.plural(count, "row")
        lines += ["", f"<details><summary>{rows} without a clear change</summary>", *_sections(rest), "", "</details>"]
    lines += ["", f"Before: {markdown_text(found.before)}; now: {markdown_text(found.after)}. Intervals are of 95 %."]
    return "\n".join(lines) + "\n"


def _only(found: Changes, changed: bool) -> Changes:
    """The rows that show a change, or those that don't."""
    speed = tuple(one for one in found.speed if (one.verdict in CHANGED) == changed)
    accuracy = tuple(one for one in found.accuracy if (one.verdict in CHANGED) == changed)
    return found.model_copy(update={"speed": speed, "accuracy": accuracy})


def _sections(found: Changes) -> list[str]:
    return [line for title, table in _tables(found) for line in ("", f"**{title}**", "", *_markdown(table))]


def _tables(found: Changes) -> Iterator[tuple[str, Table]]:
    if found.speed:
        rows = tuple(_speed_row(one) for one in found.speed)
        yield "Speed, now against before: above 1 is faster", Table(SPEED, rows)
    if found.accuracy:
        counts = {one.examples for one in found.accuracy}
        examples = f"{fmt.count(counts.pop())} test examples" if len(counts) == 1 else "the test examples of each"
        yield f"Accuracy, on {examples}", Table(ACCURACY, tuple(_accuracy_row(one) for one in found.accuracy))


def _speed_row(one: Change) -> tuple[Cell, ...]:
    batch = f"{one.batch}" if one.mode == "end_to_end" else f"{one.batch} {one.mode.replace('_', ' ')}"
    if one.speedup is None:
        return Cell(one.name), Cell(batch), Cell(fmt.UNKNOWN), Cell(one.verdict)
    bounded = one.ci_low is not None and one.ci_high is not None
    bounds = f"{one.ci_low:.3f} to {one.ci_high:.3f}" if bounded else "too few launches for an interval"
    bounds = "" if one.verdict == "same graph" else bounds  # that is known without any
    return Cell(one.name), Cell(batch), Cell(f"{one.speedup:.3f}×", bounds), Cell(one.verdict)


def _accuracy_row(one: AccuracyChange) -> tuple[Cell, ...]:
    same = one.seeds_before == one.seeds_after
    seeds = f"{one.seeds_before} and {one.seeds_after} seeds" if not same else fmt.plural(one.seeds_after, "seed")
    return (
        Cell(one.name, seeds if not same or one.seeds_after > 1 else ""),
        Cell(f"{100 * one.before.value:.1f}", fmt.percent_range(one.before)),
        Cell(f"{100 * one.after.value:.1f}", fmt.percent_range(one.after)),
        Cell(fmt.points(one.change.value), fmt.points_range(one.change)),
        Cell(one.verdict),
    )


def _terminal(title: str, table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        made.add_column(column.title, justify="right" if column.number else "left", overflow="fold")
    for row in table.rows:
        made.add_row(*(Text(cell.plain, style=COLOURS.get(cell.text, "")) for cell in row))
    return made


def _markdown(table: Table) -> Sequence[str]:
    titles = [markdown_text(column.title) for column in table.columns]
    marks = ["---:" if column.number else "---" for column in table.columns]
    rows = [[markdown_text(cell.plain) for cell in row] for row in table.rows]
    return [f"| {' | '.join(cells)} |" for cells in (titles, marks, *rows)]
