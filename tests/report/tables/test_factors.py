"""Networks side by side."""

from __future__ import annotations

from harness.compare import Answers, compare
from harness.report.names import Names
from harness.report.tables.factors import factor_tables
from harness.spec import Study
from tests.report.tables.columns import column
from tests.synthetic import results_of


def test_paddings_stand_beside_each_other_for_each_pruning(answers: Answers, names: Names) -> None:
    ((title, table),) = factor_tables(answers, names)
    assert title == "deepcaptcha, by padding"
    assert next(cell.text for cell in column(table, "variant")) == "original"
    assert len(table.rows) == 4
    same, valid = (column(table, f"µs at 1, {padding}") for padding in ("same", "valid"))
    assert all(a.value > b.value for a, b in zip(same, valid, strict=True) if a.value and b.value)
    assert next(cell.text for cell in column(table, "Accuracy, same")).startswith("97.")


def test_other_factors_name_the_rows() -> None:
    grid = {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"], "filters": [[32, 48, 64], [16, 24, 32]]}}
    answers = compare(results_of(Study.model_validate({"name": "grid", "networks": [grid]})))
    found = dict(factor_tables(answers, Names(answers)))
    assert [cell.text for cell in column(found["deepcaptcha, by padding"], "filters")] == ["32-48-64", "16-24-32"]
    assert [cell.text for cell in column(found["deepcaptcha, by filters"], "padding")] == ["same", "valid"]


def test_a_factor_of_many_values_is_no_row_of_columns() -> None:
    network = {"model": "deepcaptcha", "vary": {"dense": [16, 32, 48, 64, 80]}}
    answers = compare(results_of(Study.model_validate({"name": "many", "networks": [network]})))
    assert factor_tables(answers, Names(answers)) == ()
