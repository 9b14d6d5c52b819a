"""What the field cases ask of a diagnosis."""

from __future__ import annotations

from tests.field.conftest import Ran


def first(ran: Ran) -> dict[str, str]:
    """The first finding."""
    found: dict[str, str] = ran.json["findings"][0]
    return found


def kinds(ran: Ran) -> list[str]:
    return [finding["kind"] for finding in ran.json["findings"]]
