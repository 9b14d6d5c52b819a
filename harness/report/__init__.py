"""A report from a run's results alone: Markdown, one self-contained HTML page, and its charts as files.

`content` gathers all that it shows: `headline` (what is seen first), `findings` (what it says), `charts`, `tables`,
`gallery` (single test examples), and `conditions` (how it was made). `html` and `markdown` put that into the
`templates`, and `writing` puts the files in place. `terminal` is a short form.
How things are called is in `names`, how numbers are written in `format`; `families` joins prunings of a kind.
"""

from __future__ import annotations

from harness.report.terminal import as_json, terminal_table, told_as_json
from harness.report.writing import ReportPaths, keep_table, write

__all__ = ["ReportPaths", "as_json", "keep_table", "terminal_table", "told_as_json", "write"]
