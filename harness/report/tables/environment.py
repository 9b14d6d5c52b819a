"""The table of the machine and its software."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.report.tables.table import Cell, Column, Table

LONGEST = 160


def environment_table(environment: Mapping[str, Any]) -> Table:
    """All that was recorded about the machine, nested names joined with dots."""
    columns = (Column("Condition", number=False), Column("Value", number=False))
    return Table(columns, tuple((Cell(name), Cell(value)) for name, value in flattened(environment)))


def flattened(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Names and values as text: nested names are joined with dots, long values cut."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else _written(value)
            yield f"{prefix}{key}", text if len(text) <= LONGEST else f"{text[:LONGEST]}… (whole in results.json)"


def _written(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, Sequence) and all(isinstance(part, str | int | float) for part in value):
        return ", ".join(str(part) for part in value) or "none"
    return json.dumps(value, default=str, ensure_ascii=False)
