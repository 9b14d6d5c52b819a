"""Results of a small study, made once."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from tests.compare.worlds import STUDY
from tests.synthetic import results_of


@pytest.fixture(scope="session")
def results() -> Results:
    return results_of(STUDY)


@pytest.fixture(scope="session")
def answers(results: Results) -> Answers:
    return compare(results)
