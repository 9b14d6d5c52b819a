"""The files of a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.report import ReportPaths
from harness.report.writing import put


def test_a_report_is_a_page_a_text_and_each_chart_twice(written: ReportPaths) -> None:
    names = sorted(path.name for path in written.charts)
    stems = ("frontier", "rows", "seeds", "speedup")
    assert names == [f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")]
    for path in (written.html, written.markdown, *written.charts):
        assert path.stat().st_size > 1000
    assert not list(written.html.parent.rglob("*.unfinished"))


def test_pictures_are_pictures(written: ReportPaths) -> None:
    for path in written.charts:
        start = path.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" if path.suffix == ".png" else start.startswith(b"<svg")


def test_a_file_that_can_not_be_written_is_one_line_and_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "charts").write_text("a file where a folder must be")
    with pytest.raises(StoreError, match="charts"):
        put(tmp_path, {"charts/x.svg": b"new", "report.html": b"new"})
    assert (tmp_path / "report.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["charts", "report.html"]
