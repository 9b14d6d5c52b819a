"""The mistake of keeping a kernel's first rows, in words."""

from __future__ import annotations

from harness.report.findings import Finding
from harness.spec import Study
from tests.report.findings.worlds import SPACE, world


def test_the_mistake_is_told_with_its_reason(usual: dict[str, Finding]) -> None:
    finding = usual["Which rows are kept decides"]
    assert "(h·W + w)·C + c" in finding.text
    assert f"1 filter (first rows) 17.8{SPACE}%" in finding.items[0]


def test_without_the_mistake_nothing_is_said_of_it(study: Study) -> None:
    titles = world(study.model_copy(update={"networks": study.networks[:1]}))
    assert "Which rows are kept decides" not in titles
