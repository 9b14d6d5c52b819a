"""The tables of the section 'Which trainings learned'."""

from __future__ import annotations

from harness.compare import Answers, Arm, Effect, Interval, Learning, LearningTest
from harness.report import format as fmt
from harness.report.names import Names, changed, learned_of
from harness.report.tables.table import Cell, Column, Table


def learning_tables(answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """Each table with what it shows; none where nothing is said about learning."""
    learning = answers.learning
    if learning is None:
        return ()
    tables = (
        ("How many trainings of each network learned, with Wilson's 95 % interval for the share.", arm_table),
        (
            "Networks that differ in one thing: Fisher's exact test of how many learned, its p after Holm's correction "
            "for all tests of this table, and the change in mean test accuracy.",
            test_table,
        ),
        (
            "What each change does to the share that learns and to the mean test accuracy of all trainings, in "
            "percentage points, the other factors averaged. An interaction is how much more the first change does once "
            "the second is made. Intervals of shares by Price and Bonett (2004).",
            effect_table,
        ),
    )
    made = ((text, make(learning, names)) for text, make in tables)
    return tuple((text, table) for text, table in made if table.rows)


def arm_table(learning: Learning, names: Names) -> Table:
    """Every arm: how many of its trainings learned, and the mean test accuracy of all of them."""
    columns = (
        Column("Network", number=False),
        Column("Learned"),
        Column("Share that learns"),
        Column("Test accuracy, all trainings"),
    )
    return Table(columns, tuple(_arm_row(arm, names) for arm in learning.arms))


def _arm_row(arm: Arm, names: Names) -> tuple[Cell, ...]:
    accuracy = arm.accuracy
    return (
        Cell(names.networks[arm.network]),
        Cell(learned_of(arm)),
        Cell(f"{100 * arm.share.value:.0f}{fmt.SPACE}%", fmt.whole_range(arm.share)),
        Cell(fmt.percent(accuracy.value), fmt.percent_range(accuracy)) if accuracy else Cell(fmt.UNKNOWN),
    )


def test_table(learning: Learning, names: Names) -> Table:
    """Every two arms that differ in one thing, with Fisher's exact test."""
    columns = (
        Column("Network", number=False),
        Column("Changed", number=False),
        Column("Learned before"),
        Column("Learned after"),
        Column("p, Fisher"),
        Column("p, Holm"),
        Column("Accuracy, points"),
    )
    return Table(columns, tuple(_test_row(test, learning, names) for test in learning.tests))


def _test_row(test: LearningTest, learning: Learning, names: Names) -> tuple[Cell, ...]:
    return (
        Cell(names.networks[test.base]),
        Cell(changed(test.change)),
        Cell(learned_of(learning.arm(test.base))),
        Cell(learned_of(learning.arm(test.other))),
        Cell(f"{test.p_value:.2g}"),
        Cell(f"{test.adjusted_p:.2g}"),
        _points_cell(test.accuracy),
    )


def effect_table(learning: Learning, names: Names) -> Table:
    """Main effects and interactions of every full factorial, in percentage points of the share that learns."""
    columns = (
        Column("Model", number=False),
        Column("Change", number=False),
        Column("Kind", number=False),
        Column("Share that learns, points"),
        Column("Accuracy, points"),
    )
    return Table(columns, tuple(_effect_row(effect) for effect in learning.effects))


def _effect_row(effect: Effect) -> tuple[Cell, ...]:
    return (
        Cell(effect.model),
        Cell(" × ".join(changed(change) for change in effect.changes)),
        Cell("main effect" if len(effect.changes) == 1 else "interaction"),
        _points_cell(effect.difference),
        _points_cell(effect.accuracy),
    )


def _points_cell(difference: Interval | None) -> Cell:
    """A difference of shares in whole percentage points, with its interval."""
    if difference is None:
        return Cell(fmt.UNKNOWN)
    return Cell(fmt.whole_points(difference.value), fmt.whole_points_range(difference))
