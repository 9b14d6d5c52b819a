"""A validation as lines, as Markdown for a pull request, and as JUnit's XML for a pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from harness.deploy.readme import plain
from harness.deploy.validation import Finding, Validation

VERDICTS = {"pass": "ship", "fail": "don't ship", "can't tell": "can't tell"}
# What XML can't hold, not even escaped.
CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


def lines(found: Validation) -> Iterator[str]:
    """Each check and gate in a line, then the verdict."""
    width = max(len(finding.name) for finding in found.findings)
    for finding in found.findings:
        yield f"{finding.decision:<10}  {finding.name:<{width}}  {finding.line}"
    yield f"{found.name}: {verdict(found)}"


def verdict(found: Validation) -> str:
    """What follows, with what decided it: `don't ship: max_latency_us`."""
    deciding = [finding.name for finding in found.findings if finding.decision == found.decision]
    names = "" if found.decision == "pass" else f": {', '.join(dict.fromkeys(deciding))}"
    return f"{VERDICTS[found.decision]}{names}"


def markdown(found: Validation) -> str:
    """The same as a table, for a pull request."""
    rows = [f"| {finding.decision} | {finding.name} | {plain(finding.line)} |" for finding in found.findings]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(found.versions.items()) if version)
    return "\n".join(
        [
            f"### {plain(found.name)}: {verdict(found)}",
            "",
            "| | gate | found |",
            "|---|---|---|",
            *rows,
            "",
            f"Measured on {plain(found.machine)}; {plain(versions)}. The intervals of all gates hold together with "
            f"{found.confidence:.0%} confidence; a gate passes or fails where the whole interval is on one side of its "
            "bound.",
            "",
        ]
    )


def junit(found: Validation) -> str:
    """The same as a JUnit test suite; a gate that can't be told is an error, so that nobody takes it for a pass."""
    undecided = sum(finding.decision == "can't tell" for finding in found.findings)
    failed = sum(finding.decision == "fail" for finding in found.findings)
    counts = {"tests": len(found.findings), "failures": failed, "errors": undecided}
    attributes = {name: str(count) for name, count in counts.items()} | {"time": f"{found.seconds:.3f}"}
    root = ElementTree.Element("testsuites", attributes)
    suite = ElementTree.SubElement(root, "testsuite", {"name": _text(f"harness validate {found.bundle}"), **attributes})
    for finding in found.findings:
        _case(suite, found, finding)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, found: Validation, finding: Finding) -> None:
    condition = f" ({finding.condition})" if finding.condition else ""
    name = _text(f"{finding.name}{condition}")
    case = ElementTree.SubElement(suite, "testcase", {"classname": _text(found.name), "name": name})
    kind = {"fail": "failure", "can't tell": "error"}.get(finding.decision)
    if kind is not None:
        ElementTree.SubElement(case, kind, {"message": _text(finding.line), "type": finding.decision})
    ElementTree.SubElement(case, "system-out").text = _text(finding.line)


def _text(text: str) -> str:
    return text.translate(CONTROL).encode("utf-8", "replace").decode()
