"""A report from a run's results alone: Markdown, one self-contained HTML page, and its charts as files."""

from __future__ import annotations

from harness.report.terminal import as_json, summary, terminal_table
from harness.report.writing import ReportPaths, write

__all__ = ["ReportPaths", "as_json", "summary", "terminal_table", "write"]
