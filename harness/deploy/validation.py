"""What a validation found: a line for each check and gate, and what follows from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.records import Record
from harness.stats import Decision


class Finding(Record):
    """One check or gate: what it came to, and why, in a line.

    A gate has the `value` that was measured, its interval from `low` to `high`, and the `bound` it was held against,
    all in `unit`; bounds are None when unbounded, and all are None for a check, which has nothing to measure.
    `condition` is what the value holds under.
    """

    name: str
    decision: Decision
    line: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    unit: str = ""
    condition: str = ""


class Validation(Record):
    """What was found of a bundle here. `sha256` is its manifest's, `against` that of the baseline's.

    `confidence` is that of all gates' intervals together.
    """

    schema_version: Literal["harness-validation/1"] = "harness-validation/1"
    bundle: str
    name: str
    sha256: str | None
    against: str | None
    confidence: float
    findings: tuple[Finding, ...]
    versions: Mapping[str, str | None]
    machine: str
    seconds: float

    @property
    def decision(self) -> Decision:
        """Whether to ship it: one failure is enough not to, one open question not to know."""
        found = {finding.decision for finding in self.findings}
        return "fail" if "fail" in found else "can't tell" if "can't tell" in found else "pass"

    @property
    def exit_code(self) -> int:
        """0 ship, 1 don't, 2 can't tell."""
        return {"pass": 0, "fail": 1, "can't tell": 2}[self.decision]
