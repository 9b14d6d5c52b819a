"""What a report says of trainings that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.compare import compare
from harness.compare.results import Results
from harness.report import write
from harness.report.charts import figures
from harness.report.findings import Finding, findings
from harness.report.names import Names
from harness.report.tables.learning import learning_tables
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, results_of

NETWORK = {
    "model": "deepcaptcha",
    "vary": {"padding": ["same", "valid"], "data.scale": ["raw", "unit"]},
    "deploy": False,
}


def accuracy(case: Case, prune: PruneSpec | None) -> float:
    return 0.1 if case.data.scale == "raw" and case.options["padding"] == "same" else 0.9


@pytest.fixture(scope="module")
def results() -> Results:
    study = {"name": "x", "seeds": list(range(10)), "networks": [NETWORK]}
    return results_of(Study.model_validate(study), World(accuracy=accuracy))


def told(results: Results) -> dict[str, Finding]:
    answers = compare(results)
    return {finding.title: finding for finding in findings(answers, Names(answers))}


def test_arms_that_fail_and_changes_that_decide_are_named(results: Results) -> None:
    said = told(results)
    assert next(iter(said)) == "Which trainings learned"
    found = said["Which trainings learned"]
    assert found.text.startswith("30 of 40 trainings learned")
    assert found.items[0] == "Never: deepcaptcha same raw (0 of 10)."
    assert (
        "deepcaptcha same raw with padding valid instead of same: 0 of 10 learn before, 10 of 10 after"
        in found.items[2]
    )
    assert "Of 2 other single changes none was shown to decide" in found.items[4]
    assert "padding valid instead of same, the other factors averaged: +40 points of test accuracy" in found.items[5]
    assert "is worth 80 points less (−82 to −78) with data.scale unit instead of raw" in found.items[7]


def test_too_few_seeds_for_any_test_are_called_so() -> None:
    """Of three trainings an arm, all against none has p = 0.1."""
    study = {"name": "x", "seeds": [0, 1, 2], "networks": [NETWORK]}
    items = told(results_of(Study.model_validate(study), World(accuracy=accuracy)))["Which trainings learned"].items
    assert "Of 4 single changes none could be shown" in items[2]
    assert "more seeds" in items[2]


def test_where_no_two_networks_differ_in_one_thing_nothing_is_said_of_single_changes() -> None:
    def one_fails(case: Case, prune: PruneSpec | None) -> float:
        return 0.1 if case.data.label_noise else 0.9

    right = {"model": "deepcaptcha", "deploy": False}
    networks = [right, right | {"train": {"epochs": 3}, "vary": {"data.label_noise": [0.7]}}]
    study = Study.model_validate({"name": "x", "seeds": [0, 1, 2], "networks": networks})
    items = told(results_of(study, World(accuracy=one_fails)))["Which trainings learned"].items
    assert items[0].startswith("Never: deepcaptcha")
    assert not [item for item in items if "single change" in item]


def test_where_every_training_learned_no_change_decides_and_the_accuracy_says_the_rest() -> None:
    def plateau(case: Case, prune: PruneSpec | None) -> float:
        return 0.6 if case.data.scale == "raw" else 0.9

    study = {"name": "x", "seeds": [0, 1, 2], "networks": [NETWORK]}
    items = told(results_of(Study.model_validate(study), World(accuracy=plateau)))["Which trainings learned"].items
    assert items[0] == "Always, in every arm."
    assert items[1].startswith("data.scale unit instead of raw, the other factors averaged: +30 points")
    assert len(items) == 2


def test_what_the_study_asks_about_is_no_warning_but_a_pruned_network_that_failed_is(results: Results) -> None:
    assert "Did not learn" not in told(results)
    study = {"name": "x", "networks": [NETWORK | {"deploy": True, "prune": [{"ratio": 0.5}]}]}
    warning = told(results_of(Study.model_validate(study), World(accuracy=accuracy)))["Did not learn"]
    assert warning.warning
    assert warning.items == ("deepcaptcha same raw: 1 of 1 trainings, seed 0 (10.0\u00a0%).",)


def test_the_section_has_arms_tests_and_effects_in_one_table_each(results: Results, tmp_path: Path) -> None:
    answers = compare(results)
    arms, tests, effects = (table for _, table in learning_tables(answers, Names(answers)))
    assert len(arms.rows) == 4
    assert len(tests.rows) == 4
    assert [row[2].text for row in effects.rows] == ["main effect", "main effect", "interaction"]
    assert [row[3].text for row in effects.rows] == ["+50", "+50", "−100"]
    text = write(results, tmp_path).markdown.read_text()
    assert "## Which trainings learned" in text
    assert "padding valid instead of same × data.scale unit instead of raw" in text


def test_a_run_in_which_all_learned_has_no_such_section() -> None:
    study = {"name": "x", "networks": [NETWORK | {"deploy": True}]}
    results = results_of(Study.model_validate(study))
    assert "Which trainings learned" not in told(results)
    answers = compare(results)
    assert learning_tables(answers, Names(answers)) == ()


def test_the_figure_has_a_row_for_each_arm_and_the_seeds_figure_has_none_of_them(results: Results) -> None:
    answers = compare(results)
    (figure,) = figures(answers, Names(answers))
    assert figure.name == "learning"
    (panel,) = figure.panels
    dots = next(rows for rows in panel.datasets.values() if "seed" in rows[0])
    assert len(dots) == 40
    assert sum(row["learned"] for row in dots) == 30
    assert {row["arm"] for row in dots if not row["learned"]} == {"deepcaptcha same raw: 0 of 10"}
