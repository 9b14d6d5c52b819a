"""What was judged, on which examples, and what the intervals of accuracies are."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare.results import Results
from harness.records import Row
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct


def accuracy_part(results: Results) -> Part | None:
    """Which test examples, what judged them, and what the intervals are; None where nothing was judged."""
    done = [row for row in results.rows if row.accuracy is not None]
    if not done:
        return None
    sets = distinct(f"{fmt.count(row.accuracy.examples)} of {row.case.data.name}" for row in done if row.accuracy)
    text = (
        f"{_judged(done)}, on test examples that no training here saw ({fmt.listed(sets)}), the same for every "
        "variant. "
        "Means are over seeds. With one seed the interval is Wilson's; with more it is Wilson's at the sample size "
        "that the spread over examples and seeds is worth. Changes compare a variant with its own original example "
        "by example and seed by seed; with one seed the interval is Newcombe's for paired proportions, with more it "
        "is Student's from the variances over examples and over seeds."
    )
    return "Accuracy", text


def _judged(rows: Sequence[Row]) -> str:
    """What gave the answers: networks that the study does not deploy have no ONNX file."""
    exported = [row.export is not None for row in rows]
    if all(exported):
        return "Of the ONNX file"
    if not any(exported):
        return "Of the network in Keras, since the study deploys none"
    return "Of the ONNX file, or of the network in Keras where the study does not deploy it"
