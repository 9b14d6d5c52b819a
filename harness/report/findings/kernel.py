"""The mistake of keeping a kernel's first rows, beside what is right."""

from __future__ import annotations

from harness.compare import Answers
from harness.report import format as fmt
from harness.report.findings.common import Finding
from harness.report.names import Names


def kernel_rows(answers: Answers, names: Names) -> Finding | None:
    """The mistake of keeping a kernel's first rows, beside what is right."""
    items = []
    for control in (variant for variant in answers.variants if variant.control and variant.accuracy):
        variants = [variant for variant in answers.of(control.network) if variant.accuracy]
        told = [
            f"{names.label(variant)} {fmt.percent(variant.accuracy.value)}" for variant in variants if variant.accuracy
        ]
        items.append(f"{names.network(control)}: {fmt.listed(told)}.")
    if not items:
        return None
    text = (
        "Removing a filter means removing its rows from the dense kernel that follows. Flatten is channels-last: "
        "channel c of the pixel at (h, w) is row (h·W + w)·C + c, so a filter's rows lie C apart, one for each pixel. "
        "Keeping the first rows instead feeds nearly every weight the wrong input. What is lost by that is lost to "
        "indexing, not to pruning."
    )
    return Finding("Which rows are kept decides", text, tuple(dict.fromkeys(items)))
