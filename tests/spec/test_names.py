"""How what is asked for stands in names."""

from __future__ import annotations

from harness.spec import short


def test_factors_have_short_names() -> None:
    assert [short(value) for value in ([32, 48], 0.01, "same", True)] == ["32-48", "0.01", "same", "True"]
