"""Write a report: everything is made first, then put in place file by file, each whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.store import disk_errors
from harness.compare import Answers, Compared
from harness.compare.frame import table_file
from harness.compare.kept import KEPT_FILE
from harness.compare.results import Results
from harness.report.content import gather
from harness.report.findings import Finding, lines_of
from harness.report.html import page
from harness.report.markdown import CHARTS, text


@dataclass(frozen=True)
class ReportPaths:
    """What was written, and what it says. `charts` are SVG and PNG files."""

    markdown: Path
    html: Path
    charts: tuple[Path, ...]
    answers: Answers
    findings: tuple[Finding, ...]
    headline: str = ""

    @property
    def summary(self) -> tuple[str, ...]:
        """What the report says first, as lines."""
        return (*([self.headline] if self.headline else []), *lines_of(self.findings))

    def moved(self, old: Path, new: Path) -> ReportPaths:
        """The same where the folder `old` has become `new`."""
        markdown, html, *charts = (new / path.relative_to(old) for path in (self.markdown, self.html, *self.charts))
        return replace(self, markdown=markdown, html=html, charts=tuple(charts))


def write(results: Results, folder: Path, found: Compared | None = None) -> ReportPaths:
    """Write `report.md`, `report.html` and `charts/*.svg, *.png` into `folder`, replacing older ones.

    `found` are the results' answers, where they are known already.

    Raises:
        StoreError: the disk is full or `folder` can't be written.
    """
    content = gather(results, found)
    files: dict[str, bytes] = {}
    for drawing in content.drawings:
        files[f"{CHARTS}/{drawing.name}.svg"] = drawing.svg.encode()
        files[f"{CHARTS}/{drawing.name}.png"] = drawing.png
    files["report.md"] = text(content).encode()
    files["report.html"] = page(content).encode()
    put(folder, files)
    charts = tuple(folder / name for name in files if name.startswith(CHARTS))
    return ReportPaths(
        folder / "report.md",
        folder / "report.html",
        charts,
        answers=content.answers,
        findings=content.findings,
        headline="".join(text for text, _ in content.headline) if content.answers.choices else "",
    )


def keep_table(file: Path, answers: Answers) -> None:
    """Keep the rows of a run's table beside its results, `file`, so that they need not be computed again.

    Raises:
        StoreError: the disk is full or the folder can't be written.
    """
    put(file.parent, {KEPT_FILE: table_file(file, answers)})


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder, each under a name of its own first, so that none is ever seen half-written."""
    with disk_errors(folder):
        for name, data in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished(target.with_name(f".{target.name}.unfinished")) as new:
                new.write_bytes(data)
                new.replace(target)
