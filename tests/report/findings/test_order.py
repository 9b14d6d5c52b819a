"""What is said at all, and in which order."""

from __future__ import annotations

from harness.report.findings import Finding
from harness.spec import Study
from tests.report.findings.worlds import said, world
from tests.synthetic import results_of


def test_a_usual_run_says_what_to_do_first_and_warns_of_nothing(usual: dict[str, Finding]) -> None:
    assert next(iter(usual)) == "Best buy"
    assert not any(finding.warning for finding in usual.values())


def test_nothing_measured_is_said_so(study: Study) -> None:
    told = world(study, measured=False)
    assert "No latency was measured" in str(told["Too thin to say"].items)
    assert "Pruned but not faster" not in told
    assert "Speed/accuracy frontier" not in told


def test_a_study_without_pruning_speaks_of_its_networks_only(study: Study) -> None:
    network = {"model": "lenet", "vary": {"dense": [64, 128]}}
    told = said(results_of(Study.model_validate({"name": "plain", "networks": [network]})))
    assert set(told) == {"What the other choices cost and buy", "Speed/accuracy frontier", "Too thin to say"}
