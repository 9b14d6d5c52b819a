"""Accuracy class by class: of what would be shipped against what it replaces, and of every variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.compare import Answers, ClassAccuracy, ClassChange, Labelled, Variant, class_accuracies, class_changes
from harness.report import format as fmt
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table, accuracy_cell, change_cell

MOST_COLUMNS = 12  # classes beside each other


def chosen_tables(labelled: Labelled, answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """Each variant that is chosen for some batch size, against the network that it would replace; with its title."""
    found = []
    for variant, reference in answers.swaps:
        changes = class_changes(labelled, variant.key, reference.key)
        if changes:
            found.append((f"{names.full(variant)}, instead of {names.full(reference)}", _chosen_table(changes)))
    return tuple(found)


def _chosen_table(changes: Sequence[ClassChange]) -> Table:
    columns = (
        Column("Class", number=False),
        Column("Change, points"),
        Column("Verdict", number=False),
        Column("Accuracy before"),
        Column("Accuracy now"),
        Column("Test examples"),
        Column("Now most often taken for", number=False),
    )
    return Table(columns, tuple(tuple(_chosen_row(change)) for change in changes))


def _chosen_row(change: ClassChange) -> Iterator[Cell]:
    after = change.after
    yield Cell(after.name)
    yield change_cell(change.change, "")
    yield Cell("", fmt.p_value(change.p_adjusted), change.verdict)
    yield accuracy_cell(change.before.accuracy)
    yield accuracy_cell(after.accuracy)
    yield Cell(fmt.count(after.examples), value=after.examples)
    yield Cell("") if after.taken_for is None else Cell(after.taken_for, f"{after.mistaken} of {_asked(after)}")


def _asked(found: ClassAccuracy) -> str:
    return fmt.count(found.examples * found.seeds)


def overview_tables(labelled: Labelled, answers: Answers, names: Names) -> tuple[Table, ...]:
    """Every variant, class by class where there are few: a table for those that tell the same classes apart."""
    alike: dict[tuple[str, ...], list[tuple[Variant, tuple[ClassAccuracy, ...]]]] = {}
    for variant in (each for network in answers.networks for each in answers.of(network)):
        found = class_accuracies(labelled, variant.key)
        if found:
            alike.setdefault(tuple(each.name for each in found), []).append((variant, found))
    return tuple(_overview(classes, rows, labelled, answers, names) for classes, rows in alike.items())


def _overview(
    classes: Sequence[str],
    rows: Sequence[tuple[Variant, Sequence[ClassAccuracy]]],
    labelled: Labelled,
    answers: Answers,
    names: Names,
) -> Table:
    few = len(classes) <= MOST_COLUMNS
    first = [Column("Network", number=False)] if len({variant.network for variant, _ in rows}) > 1 else []
    columns = [*first, Column("Variant", number=False), Column("Least accurate", False), Column("Lost most", False)]
    columns += [Column(name) for name in classes] if few else []
    made = []
    for variant, found in rows:
        cells = [Cell(names.network(variant))] if first else []
        cells += [Cell(names.label(variant)), _worst(found), _lost(variant, labelled, answers)]
        made.append((*cells, *((accuracy_cell(each.accuracy) for each in found) if few else ())))
    return Table(tuple(columns), tuple(made))


def _worst(found: Sequence[ClassAccuracy]) -> Cell:
    worst = min(found, key=lambda each: each.accuracy.value)
    return Cell(worst.name, fmt.percent(worst.accuracy.value), value=worst.accuracy.value)


def _lost(variant: Variant, labelled: Labelled, answers: Answers) -> Cell:
    """The class that lost the most against its original."""
    original = next((each for each in answers.of(variant.network) if each.original), None)
    changes = () if original is None or variant.original else class_changes(labelled, variant.key, original.key)
    if not changes:
        return Cell("")
    most = min(changes, key=lambda each: each.change.value)
    if most.change.value >= 0:
        return Cell("none", value=0.0)
    badge = most.verdict if most.verdict == "worse" else ""
    return Cell(most.after.name, f"{fmt.points(most.change.value)} points", badge, most.change.value)
