"""A report from a run's results alone: Markdown, one self-contained HTML page, and its charts as files."""

from __future__ import annotations

from harness.report.writing import ReportPaths, summary, write

__all__ = ["ReportPaths", "summary", "write"]
