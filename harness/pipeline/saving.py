"""How stages and runs write what they found."""

from __future__ import annotations

from pathlib import Path

from harness.measure.measurement import Measurement
from harness.records import Record


class UnkeptError(Exception):
    """Something was found that is good for this run, and not to be kept for others."""

    def __init__(self, found: Measurement) -> None:
        super().__init__("it is not kept")
        self.found = found


def save(record: Record, path: Path) -> None:
    """Write a record as JSON."""
    path.write_text(record.model_dump_json(indent=1))
