"""Findings come worst first, and causes before their signs."""

from __future__ import annotations

from harness.diagnose.findings import Finding
from harness.diagnose.ranking import after_causes, in_order, without_signs
from tests.diagnose.test_present import finding


def test_findings_come_worst_first_and_what_is_seen_before_what_is_likely() -> None:
    given = [finding("a", "note"), finding("b"), finding("c", "slows learning"), finding("d"), finding("e")]
    given[1] = given[1].model_copy(update={"certainty": "likely"})
    assert [each.kind for each in in_order(given)] == ["d", "e", "b", "c", "a"]


def test_a_sign_stands_after_its_cause_though_it_is_worse() -> None:
    causes = {"sign": frozenset({"cause", "other cause"})}

    def order(*findings: Finding) -> list[str]:
        return [each.kind for each in after_causes(findings, causes)]

    slow = finding("cause", "slows learning")
    assert order(finding("sign"), finding("other"), slow) == ["other", "cause", "sign"]
    assert order(finding("sign"), finding("other")) == ["sign", "other"]
    assert order(finding("sign"), finding("cause", "note")) == ["sign", "cause"]


def test_a_sign_is_left_out_where_its_cause_is_as_bad() -> None:
    causes = {"sign": frozenset({"cause"})}

    def kept(*findings: Finding) -> list[str]:
        return [each.kind for each in without_signs(findings, causes)]

    assert kept(finding("sign"), finding("cause")) == ["cause"]
    assert kept(finding("sign"), finding("cause", "slows learning")) == ["sign", "cause"]
    assert kept(finding("sign"), finding("other")) == ["sign", "other"]
