"""How what is asked for stands in names: of cases, of prunings, of studies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


def short(value: Any) -> str:
    """A factor's value as it stands in a name: `[32, 48, 64]` is `32-48-64`."""
    if isinstance(value, list | tuple):
        return "-".join(short(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def without(remove: Mapping[str, Iterable[int]]) -> str:
    """Channels that go, in words: `conv_1 without 7`, `conv_1 without 7 and 9, conv_2 without 0`."""
    return ", ".join(f"{layer} without {' and '.join(map(str, channels))}" for layer, channels in remove.items())


def lowercase(text: str) -> str:
    """A text as a study's name may be written."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")


def file_name(name: str) -> str:
    """A name as a file name, without its ending: `deepcaptcha padding=same` is `deepcaptcha-padding-same`."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name.replace("%", "pct")).strip("-")
