"""What trials of providers say of a machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.doctor import providers
from harness.doctor.check import State
from harness.doctor.providers import CPU, CUDA, TENSORRT, Trial, provider_checks, tried

GPU = {"name": "NVIDIA X", "driver_version": "580", "processes": "0"}
RUNS, FALLEN = Trial(CPU, runs=True), Trial(CUDA, runs=False, why="the work fell to CPUExecutionProvider")


@pytest.mark.parametrize(
    ("trials", "gpus", "state", "found"),
    [
        ([RUNS, FALLEN], [], State.NOTE, "runs no model: the work fell to CPUExecutionProvider"),
        ([RUNS, FALLEN], [GPU], State.WRONG, "runs no model: the work fell to CPUExecutionProvider"),
        ([RUNS], [GPU], State.WRONG, "NVIDIA X is idle: this onnxruntime has no CUDA"),
        ([RUNS, Trial(CUDA, runs=True)], [{**GPU, "processes": "3"}], State.NOTE, "NVIDIA X is used by 3 processes"),
        ([RUNS, Trial(TENSORRT, runs=False, why="no libraries")], [], State.NOTE, "runs no model: no libraries"),
        ([Trial(CPU, runs=False, why="dies of SIGILL")], [], State.BROKEN, "runs no model: dies of SIGILL"),
    ],
)
def test_each_problem_is_one_check_with_a_cure(
    trials: list[Trial], gpus: list[dict[str, str]], state: State, found: str
) -> None:
    bad = [check for check in provider_checks(trials, gpus) if check.state != State.GOOD]
    assert [(check.state, check.found) for check in bad] == [(state, found)]
    assert bad[0].cure


def test_a_good_machine_has_no_problem() -> None:
    found = list(provider_checks([RUNS, Trial(CUDA, runs=True)], [GPU]))
    assert {check.state for check in found} == {State.GOOD}


def test_the_cpu_is_really_tried() -> None:
    assert tried(CPU) == RUNS


def test_a_provider_that_is_not_there_runs_nothing() -> None:
    """Onnxruntime takes the name, and lets the work fall to the CPU or refuses."""
    found = tried("CoreMLExecutionProvider") if sys.platform != "darwin" else tried("DmlExecutionProvider")
    assert not found.runs
    assert found.why


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "dies of SIGSEGV"),
        ("import time; time.sleep(60)", "hangs: nothing for 1 s"),
        ("raise SystemExit('no such library')", "no such library"),
    ],
)
def test_a_provider_that_crashes_or_hangs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    """The process that tries it is another program here."""
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    monkeypatch.setattr(providers.sys, "executable", str(program))
    assert tried(CUDA, timeout_s=1 if "sleep" in code else 60).why == why
