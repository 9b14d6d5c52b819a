"""The commands, run in this process."""

from __future__ import annotations

import keras
import pytest

from harness.spec import SpeedSpec
from tests.cli.test_app import in_process

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    try:
        return in_process(capsys, *map(str, arguments), "--quiet")
    finally:
        keras.backend.clear_session(free_memory=False)


def measure_for(budget_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try of `--speedup` is measured no longer, where the product would take two minutes; ten seconds can tell."""
    asked = SpeedSpec.measuring.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(
        SpeedSpec, "measuring", property(lambda spec: asked(spec).model_copy(update={"budget_s": float(budget_s)}))
    )


def check(capsys: Captured, *arguments: object) -> tuple[int, str]:
    """`harness verify`: exit code and stdout."""
    code, out, _ = in_process(capsys, "verify", *map(str, arguments))
    return code, out
