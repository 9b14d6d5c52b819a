"""A crash or a hang in one test ends the whole run soon, with the test's name: shown by a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITHIN_S = 240  # of the 600 that the other process's test takes; a busy machine needs a while to start

CRASH = """
import os, signal
def test_crashes(): os.kill(os.getpid(), signal.SIGFPE)
"""
HANG = """
import time, pytest
@pytest.mark.timeout(2)
def test_hangs(): time.sleep(600)
"""
OTHERS = """
import time, pytest
@pytest.mark.parametrize("number", range(50))
def test_takes_long(number): time.sleep(600 if number else 0)
"""


def run_tests(folder: Path, processes: str, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests in files of their own, with this project's settings and its plugin, as `make test` does."""
    for number, text in enumerate(tests):
        (folder / f"test_{number}.py").write_text(text)
    settings = [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(folder),
        "-p",
        "tests.no_hang",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, "-n", processes, "--dist", "worksteal", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


@pytest.mark.parametrize(("planted", "name"), [(CRASH, "test_crashes"), (HANG, "test_hangs")])
def test_the_run_ends_with_the_tests_name(tmp_path: Path, planted: str, name: str) -> None:
    """In far less than the ten minutes that a test in another process takes."""
    done = run_tests(tmp_path, "2", planted, OTHERS)
    assert done.returncode == 1, done.stdout
    assert f"{name} took its process with it" in done.stdout


def test_each_test_has_a_limit(pytestconfig: pytest.Config) -> None:
    """Stated once for all of them; a limit that asks the test to stop would not be heeded by native code."""
    assert 0 < float(pytestconfig.getini("timeout")) <= 600
    assert pytestconfig.getini("timeout_method") == "thread"
