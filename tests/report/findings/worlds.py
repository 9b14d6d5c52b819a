"""What a run would say in worlds where the truth is known."""

from __future__ import annotations

from harness.compare import compare
from harness.compare.results import Results
from harness.report.findings import Finding, findings
from harness.report.names import Names
from harness.spec import Study
from tests.synthetic import World, results_of

SPACE = "\u00a0"


def said(results: Results) -> dict[str, Finding]:
    answers = compare(results)
    return {finding.title: finding for finding in findings(answers, Names(answers))}


def world(study: Study, **changes: object) -> dict[str, Finding]:
    return said(results_of(study, World(**changes)))  # type: ignore[arg-type]


def of_file(accuracy: float, chance: float = 0.25) -> Results:
    """What a run of `trained.keras` leaves, which is as accurate when it is pruned, and better when trained on."""
    network = {"model": "some/trained.keras", "prune": [{"ratio": [0.25, 0.75], "finetune_epochs": 1}]}
    study = Study.model_validate({"name": "file", "networks": [network]})
    return results_of(study, World(accuracy=lambda case, prune: accuracy, chance=chance, longer=0.2))
