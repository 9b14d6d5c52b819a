"""How stages and runs write what they found."""

from __future__ import annotations

from pathlib import Path

from harness.records import Record


def save(record: Record, path: Path) -> None:
    """Write a record as JSON."""
    path.write_text(record.model_dump_json(indent=1))
