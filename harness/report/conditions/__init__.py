"""How a run was made and what its numbers mean: the part of the report that lets a reader trust it or not."""

from __future__ import annotations

from harness.compare import Answers
from harness.compare.results import Results
from harness.report.conditions.accuracy import accuracy_part
from harness.report.conditions.agreement import proof_part, twin_part, written_part
from harness.report.conditions.part import Part
from harness.report.conditions.precision import precision_part
from harness.report.conditions.reconstruction import reconstruction_part
from harness.report.conditions.reproduce import reproduce
from harness.report.conditions.speed import frontier_part, latency_part, verdicts_part
from harness.report.conditions.training import learned_part, training_part
from harness.report.conditions.widths import widths_part
from harness.report.names import Names

__all__ = ["Part", "conditions", "reproduce"]


def conditions(results: Results, answers: Answers, names: Names) -> tuple[Part, ...]:
    """All parts that have something to say, in the order of the report."""
    parts = (
        training_part(results),
        learned_part(results),
        widths_part(results),
        reconstruction_part(results),
        accuracy_part(results),
        proof_part(results),
        twin_part(results, names),
        written_part(results),
        precision_part(results, names),
        latency_part(results),
        verdicts_part(answers),
        frontier_part(),
    )
    return tuple(part for part in parts if part is not None)
