"""The table of the graphs that were measured."""

from __future__ import annotations

from harness.compare import Answers
from harness.compare.results import Results
from harness.report.names import Names
from harness.report.tables.graphs import graph_table
from tests.report.tables.columns import column


def test_each_measured_graph_says_what_it_stands_for(results: Results, answers: Answers, names: Names) -> None:
    table = graph_table(results, answers, names)
    assert table is not None
    stands_for = [cell.text for cell in column(table, "Stands for")]
    assert len(stands_for) == 8
    assert stands_for[-1] == "single_conv, pruned by 1 filter (first rows); single_conv, pruned by 1 filter"
