"""On what accuracies were judged, and what proof and parity mean."""

from __future__ import annotations

from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct


def accuracy_part(results: Results) -> Part | None:
    """Which test examples, what judged them, and what the intervals are; None where nothing was judged."""
    done = [row for row in results.rows if row.accuracy is not None]
    if not done:
        return None
    sets = distinct(f"{fmt.count(row.accuracy.examples)} of {row.case.data.name}" for row in done if row.accuracy)
    text = (
        f"Of the ONNX file, on test examples that no training here saw ({fmt.listed(sets)}), the same for every "
        "variant. "
        "Means are over seeds. With one seed the interval is Wilson's; with more it is Wilson's at the sample size "
        "that the spread over examples and seeds is worth. Changes compare a variant with its own original example "
        "by example and seed by seed; with one seed the interval is Newcombe's for paired proportions, with more it "
        "is Student's from the variances over examples and over seeds."
    )
    if any(row.export is None for row in done):
        text += " Networks that the study does not deploy were judged by Keras itself, on the same examples."
    return "Accuracy", text


def proof_part() -> Part:
    """What the columns 'Proof' and 'Parity' hold."""
    text = (
        "Proof: the largest difference between the pruned network and the original with the same channels masked, as "
        "a share of the logits' spread. Parity: the largest difference between Keras and the ONNX file on the whole "
        "test set, likewise. Where top-1 answers differ, the number of examples is given."
    )
    return "Proof and parity", text
