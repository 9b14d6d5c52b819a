"""The table of what failed."""

from __future__ import annotations

from harness.compare import compare
from harness.report.tables.failures import failure_table
from harness.report.tables.table import Cell
from harness.spec import Study
from tests.synthetic import World, results_of


def test_failures_have_their_reasons(study: Study) -> None:
    answers = compare(results_of(study, World(failures={"single_conv seed=0 1 filter": "a | b"})))
    assert failure_table(answers).rows == ((Cell("single_conv seed=0 1 filter"), Cell("a | b")),)
