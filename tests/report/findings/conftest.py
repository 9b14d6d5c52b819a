"""What the small study says."""

from __future__ import annotations

import pytest

from harness.compare import Answers
from harness.report.findings import Finding, findings
from harness.report.names import Names


@pytest.fixture(scope="module")
def usual(answers: Answers, names: Names) -> dict[str, Finding]:
    return {finding.title: finding for finding in findings(answers, names)}
