"""The proof at a finding, and what it says."""

from __future__ import annotations

from harness.diagnose import Proof
from tests.diagnose.cases.case import Asked


def proof(asked: Asked, kind: str) -> Proof:
    """The proof at a finding."""
    found = next(finding.proof for finding in asked.diagnose().findings if finding.kind == kind)
    assert found is not None
    return found


def learned(found: Proof) -> tuple[list[bool], list[bool]]:
    """Which seeds learned without and with the cure."""
    return [trial.learned for trial in found.without], [trial.learned for trial in found.with_cure]


def gained(found: Proof) -> float:
    """How much more accurate the cure makes it, on average over the seeds."""
    without, cured = (sum(trial.accuracy for trial in trials) for trials in (found.without, found.with_cure))
    return (cured - without) / len(found.without)
