"""The mistake of keeping a kernel's first rows, beside what is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.compare import Answers
from harness.report import format as fmt
from harness.report.families import Family, families
from harness.report.findings.common import Finding
from harness.report.names import Names


def kernel_rows(answers: Answers, names: Names) -> Finding | None:
    """The mistake of keeping a kernel's first rows, beside what is right."""
    items = []
    for network in dict.fromkeys(variant.network for variant in answers.variants if variant.control):
        variants = [variant for variant in answers.of(network) if variant.accuracy and not variant.trained_on]
        together = [family for family in families(answers) if family.network == network]
        if together:
            items += [f"{names.networks[network]}, {text}." for text in _side_by_side(together)]
        elif any(variant.control for variant in variants):
            told = [f"{names.label(each)} {fmt.percent(each.accuracy.value)}" for each in variants if each.accuracy]
            items.append(f"{names.networks[network]}: {fmt.listed(told)}.")
    if not items:
        return None
    text = (
        "Removing a filter means removing its rows from the dense kernel that follows. Flatten is channels-last: "
        "channel c of the pixel at (h, w) is row (h·W + w)·C + c, so a filter's rows lie C apart, one for each pixel. "
        "Keeping the first rows instead feeds nearly every weight the wrong input. What is lost by that is lost to "
        "indexing, not to pruning."
    )
    return Finding("Which rows are kept decides", text, tuple(items))


def _side_by_side(found: Sequence[Family]) -> Iterator[str]:
    """Each family that is wrong on purpose, beside the one that differs in nothing else."""
    for wrong in (family for family in found if family.control):
        right = next((each for each in found if each.name == wrong.name.replace(", first rows", "")), None)
        beside = f"; with the rows that belong, {right.told}" if right else ""
        yield f"{wrong.name}: {wrong.told}{beside}"
