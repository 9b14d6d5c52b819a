"""What each variant lost."""

from __future__ import annotations

from harness.compare import Answers
from harness.compare.results import Results
from harness.records import ChannelPlan
from harness.report.names import Names
from harness.report.tables.removed import removed_tables
from harness.report.tables.table import Table
from tests.report.tables.columns import column


def with_plans(results: Results, kept: int, layers: int) -> Results:
    """Every variant keeps so many of four channels of each layer, with seed 1 one more."""
    rows = []
    for row in results.rows:
        if row.pruning is not None:
            names = [f"layer {number}" for number in range(layers)]
            left = tuple(range(kept + row.case.seed))
            plan = ChannelPlan(architecture="a", kept=dict.fromkeys(names, left), channels=dict.fromkeys(names, 4))
            rows.append(row.model_copy(update={"pruning": row.pruning.model_copy(update={"plan": plan})}))
        else:
            rows.append(row)
    return results.model_copy(update={"rows": tuple(rows)})


def tables(results: Results, answers: Answers, names: Names) -> dict[str, Table]:
    return dict(removed_tables(results, answers, names))


def test_each_layer_has_a_column_over_the_seeds(results: Results, answers: Answers, names: Names) -> None:
    found = tables(with_plans(results, 2, 3), answers, names)
    assert list(found) == ["deepcaptcha same", "deepcaptcha valid", "single_conv"]
    cells = column(found["deepcaptcha same"], "layer 1")
    assert [(cell.text, cell.note, cell.value) for cell in cells] == [("2 to 3", "of 4", 2.5)] * 2
    assert column(found["deepcaptcha same"], "Change")[1].text == "−75\u00a0%"


def test_many_layers_are_summed_up(results: Results, answers: Answers, names: Names) -> None:
    table = tables(with_plans(results, 2, 20), answers, names)["single_conv"]
    assert [cell.plain for cell in column(table, "Channels that remain")] == ["40 (of 80)"] * 2
    assert column(table, "Least remains of")[0].plain == "layer 0 (2 of 4)"
