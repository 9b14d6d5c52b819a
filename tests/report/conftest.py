"""Results of a small study, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from harness.report import ReportPaths, write
from harness.report.names import Names
from harness.spec import Study
from tests.report.page import Page
from tests.synthetic import pictured, results_of


@pytest.fixture(scope="session")
def study() -> Study:
    """Two paddings pruned twice, and one network pruned the wrong way and the right one; two seeds."""
    return Study.model_validate(
        {
            "name": "small",
            "question": "What does <pruning> cost & buy?",
            "seeds": [0, 1],
            "networks": [
                {
                    "model": "deepcaptcha",
                    "vary": {"padding": ["same", "valid"]},
                    "prune": [{"ratio": [0.25, 0.5], "finetune_epochs": 1}],
                },
                {"model": "single_conv", "prune": [{"filters": 1, "rows": "first"}, {"filters": 1}]},
            ],
        }
    )


@pytest.fixture(scope="session")
def results(study: Study) -> Results:
    return pictured(results_of(study))


@pytest.fixture(scope="session")
def answers(results: Results) -> Answers:
    return compare(results)


@pytest.fixture(scope="session")
def names(answers: Answers) -> Names:
    return Names(answers)


@pytest.fixture(scope="session")
def written(results: Results, tmp_path_factory: pytest.TempPathFactory) -> ReportPaths:
    """The small study's report, on disk."""
    folder: Path = tmp_path_factory.mktemp("report")
    return write(results, folder)


@pytest.fixture(scope="session")
def page(written: ReportPaths) -> Page:
    """Its page, as a browser would see it."""
    return Page(written.html.read_text())
