"""What the conditions are made of."""

from __future__ import annotations

from collections.abc import Iterable

# A heading, and a few sentences.
Part = tuple[str, str]


def distinct(texts: Iterable[str]) -> list[str]:
    """Each text once, in the order of its first."""
    return list(dict.fromkeys(texts))
