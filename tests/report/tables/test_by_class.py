"""Accuracy class by class, as tables."""

from __future__ import annotations

from dataclasses import replace

from harness.compare import Answers, Labelled
from harness.compare.results import Results
from harness.records import ExampleSet
from harness.report.names import Names
from harness.report.tables.by_class import MOST_COLUMNS, chosen_tables, overview_tables
from tests.report.tables.columns import column


def test_what_is_chosen_stands_beside_what_it_replaces(results: Results, answers: Answers, names: Names) -> None:
    """Once, though it is chosen at two batch sizes; every class that has examples, with what it is taken for."""
    tables = dict(chosen_tables(Labelled.of(results, answers), answers, names))
    assert len(tables) == len({(each.variant, each.reference) for each in answers.choices})
    ((title, table),) = tables.items()
    assert title == "deepcaptcha same, pruned by 50\u00a0%, instead of deepcaptcha same, unpruned"
    classes = column(table, "Class")
    assert [cell.text for cell in classes][-1] == "<nine>"
    assert sum(int(cell.value or 0) for cell in column(table, "Test examples")) == 1000
    before, now, change = (column(table, name) for name in ("Accuracy before", "Accuracy now", "Change, points"))
    for old, new, difference in zip(before, now, change, strict=True):
        assert abs((new.value or 0) - (old.value or 0) - (difference.value or 0)) < 1e-9
        assert " to " in new.note
    assert all(cell.badge in ("better", "worse", "inconclusive") for cell in column(table, "Verdict"))


def test_every_variant_has_a_row_and_every_class_a_column(results: Results, answers: Answers, names: Names) -> None:
    (table,) = overview_tables(Labelled.of(results, answers), answers, names)
    assert len(table.rows) == len(answers.variants)
    assert [column.title for column in table.columns][:5] == [
        "Network",
        "Variant",
        "Least accurate",
        "Lost most",
        "zero",
    ]
    spoilt = next(row for row in table.rows if "first rows" in row[1].text)
    assert spoilt[3].badge == "worse"
    assert (spoilt[3].value or 0) < -0.5
    assert column(table, "Lost most")[0].text == "", "an original has nothing to lose against"


def test_many_classes_are_told_by_the_worst(results: Results, answers: Answers, names: Names) -> None:
    labelled = Labelled.of(results, answers)
    many = ExampleSet(
        class_names=tuple(f"class {number}" for number in range(2 * MOST_COLUMNS)),
        labels=" ".join(str(place % (2 * MOST_COLUMNS)) for place in range(1000)),
    )
    (table,) = overview_tables(replace(labelled, sets=dict.fromkeys(labelled.sets, many)), answers, names)
    assert [column.title for column in table.columns] == ["Network", "Variant", "Least accurate", "Lost most"]


def test_without_labels_there_is_no_table(results: Results, answers: Answers, names: Names) -> None:
    bare = Labelled.of(results.model_copy(update={"example_sets": {}}), answers)
    assert chosen_tables(bare, answers, names) == ()
    assert overview_tables(bare, answers, names) == ()
