"""Many prunings of one network are told together."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from harness.report.charts import figures
from harness.report.families import families
from harness.report.findings import findings
from harness.report.names import Names
from harness.report.tables.families import family_table
from harness.report.tables.variants import main_table, page_table
from harness.report.terminal import terminal_table
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, results_of

GRID = [
    {"remove": [{"conv_1": [0]}, {"conv_1": [1]}, {"conv_1": [2]}], "rows": ["provenance", "first"]},
    {"filters": [1, 2, 3, 4], "importance": ["l1", "taylor"]},
]
STUDY = {"name": "crowd", "seeds": [0, 1], "networks": [{"model": "single_conv", "deploy": False, "prune": GRID}]}


def accuracy(case: Case, prune: PruneSpec | None) -> float:
    """Of the three channels, the last costs a point; the first rows of the kernel cost nearly all."""
    if prune is None:
        return 0.9
    if prune.rows == "first":
        return 0.2
    return 0.89 if prune.remove == {"conv_1": (2,)} else 0.9


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of(Study.model_validate(STUDY), World(accuracy=accuracy))


@pytest.fixture(scope="module")
def answers(results: Results) -> Answers:
    return compare(results)


def test_a_family_is_one_way_of_pruning_with_all_its_amounts(answers: Answers) -> None:
    assert {family.name: len(family.variants) for family in families(answers)} == {
        "each of 3 channels of conv_1": 3,
        "each of 3 channels of conv_1, first rows": 3,
        "1 to 4 filters by l1": 4,
        "1 to 4 filters by taylor": 4,
    }


def test_a_familys_row_tells_its_worst_and_what_it_lost(answers: Answers) -> None:
    row = family_table(families(answers)).rows[0]
    assert [cell.plain.replace("\u00a0", " ") for cell in row[1:]] == [
        "3",
        "89.7 %",
        "90.0 %",
        "89.0 % (conv_1 without 2)",
        "−0.3",
        "−1.0",
    ]


def test_the_text_has_the_original_alone_and_the_page_every_one(answers: Answers) -> None:
    names = Names(answers)
    assert len(main_table(answers, names).rows) == 1
    assert len(page_table(answers, names).rows) == 15


def test_findings_stay_short_and_put_the_mistake_beside_what_is_right(answers: Answers) -> None:
    said = {finding.title: finding for finding in findings(answers, Names(answers))}
    (line,) = said["Which rows are kept decides"].items
    assert "first rows: 20.0\u00a0% on average" in line
    assert "with the rows that belong, 89.7\u00a0% on average" in line
    assert "each of 3 channels of conv_1: −1.0 to 0.0 points" in said["What pruning costs and buys"].items[0]


def test_the_terminal_shows_families_too(results: Results) -> None:
    assert terminal_table(results).row_count == 2 + 4


def test_there_is_a_figure_of_dots_and_lines(answers: Answers) -> None:
    found = {figure.name: figure for figure in figures(answers, Names(answers))}
    assert len(found["families"].panels) == 2
    assert "rows" not in found


def test_few_prunings_are_told_one_by_one(answers: Answers) -> None:
    few = {**STUDY, "networks": [{"model": "single_conv", "deploy": False, "prune": GRID[:1]}]}
    assert families(compare(results_of(Study.model_validate(few)))) == ()
