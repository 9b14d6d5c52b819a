"""How what is asked for stands in names."""

from __future__ import annotations

from harness.spec import short
from harness.spec.names import file_name


def test_factors_have_short_names() -> None:
    assert [short(value) for value in ([32, 48], 0.01, "same", True)] == ["32-48", "0.01", "same", "True"]


def test_names_become_file_names() -> None:
    name = file_name("deepcaptcha padding=same seed=0 50 %, tuned 1")
    assert name == "deepcaptcha-padding-same-seed-0-50-pct-tuned-1"
