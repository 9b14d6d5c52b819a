"""The commands, run in this process."""

from __future__ import annotations

import keras
import pytest

from tests.cli.test_app import in_process

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    try:
        return in_process(capsys, *map(str, arguments), "--quiet")
    finally:
        keras.backend.clear_session(free_memory=False)


def check(capsys: Captured, *arguments: object) -> tuple[int, str]:
    """`harness verify`: exit code and stdout."""
    code, out, _ = in_process(capsys, "verify", *map(str, arguments))
    return code, out
