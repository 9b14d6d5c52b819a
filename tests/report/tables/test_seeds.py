"""The table of every training."""

from __future__ import annotations

from harness.compare import compare
from harness.report.names import Names
from harness.report.tables.seeds import seed_table
from harness.report.tables.variants import main_table
from harness.spec import Case, PruneSpec, Study
from tests.report.tables.columns import column
from tests.synthetic import World, accuracy_of, results_of


def test_seeds_that_count_for_nothing_say_why(study: Study) -> None:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.1 if case.seed == 1 else accuracy_of(case, prune)

    world = World(accuracy=accuracy, failures={"single_conv seed=0 1 filter": "no"})
    answers = compare(results_of(study, world))
    table = seed_table(answers, Names(answers))
    assert len(table.rows) == 22
    remarks = [cell.text for cell in column(table, "Remark")]
    assert remarks.count("failed") == 1
    assert remarks.count("original did not learn") == 11
    assert column(main_table(answers, Names(answers)), "Variant")[0].badge == "1 of 2 seeds"
