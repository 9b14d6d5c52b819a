"""A report from a run's results alone: Markdown, one self-contained HTML page, and its charts as files."""

from __future__ import annotations

from harness.report.terminal import as_json, terminal_table, told_as_json
from harness.report.writing import ReportPaths, write

__all__ = ["ReportPaths", "as_json", "terminal_table", "told_as_json", "write"]
