"""The rows of a run's table, kept beside its results: they are read there while both are what they were.

All of it follows from the results; of thousands of rows that takes seconds, and reading takes none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.base.store import file_digest

KEPT_FILE = "table.json"
VERSION = 1  # raised when the same results come to other rows


def written(results: Path, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows of a run's table as they are kept; `results` is its file, which they are of."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    values = [[row.get(name) for name in columns] for row in rows]
    return json.dumps({**_made_of(results), "columns": columns, "rows": values}, allow_nan=False).encode()


def read(results: Path) -> list[dict[str, Any]] | None:
    """The rows that are kept beside a run's file; None where there are none, or they are not of this file."""
    try:
        kept = json.loads(results.with_name(KEPT_FILE).read_bytes())
        made_of = _made_of(results)
        if {name: kept[name] for name in made_of} != made_of:
            return None
        return [dict(zip(kept["columns"], row, strict=True)) for row in kept["rows"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _made_of(results: Path) -> dict[str, Any]:
    return {"version": VERSION, "harness": version("prune-harness"), "results": file_digest(results)}
