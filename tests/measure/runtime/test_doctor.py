"""What is wrong with a machine, from its facts."""

from __future__ import annotations

from typing import Any

import pytest

from harness.measure.runtime.doctor import examine, problems
from tests.measurements import ENVIRONMENT

GPU = {"name": "NVIDIA X", "driver_version": "580", "processes": "0"}


def said(offered: bool = False, runs: bool = False, **changes: Any) -> tuple[str, ...]:
    return problems({**ENVIRONMENT, "load_1_min": 0.0, **changes}, offered=offered, runs=runs)


def test_a_good_machine_has_no_problem() -> None:
    assert said() == ()
    assert said(offered=True, runs=True, gpus=[GPU]) == ()


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"offered": True}, "onnxruntime lists CUDA, but it does not run here"),
        ({"gpus": [GPU]}, "NVIDIA X is idle: this onnxruntime has no CUDA"),
        ({"gpus": [GPU], "offered": True}, "NVIDIA X is there, but CUDA does not run"),
        ({"gpus": [{**GPU, "processes": "3"}], "offered": True, "runs": True}, "NVIDIA X is used by 3 processes"),
        ({"cgroup_cpus": 1.5}, "the container may use 1.5 of the 4 CPUs it sees; give `harness measure --threads 1`"),
        ({"load_1_min": 3.0}, "the machine is busy (load 3.0 on 4 CPUs)"),
        ({"governor": "powersave"}, "the CPU's clock follows its load (governor powersave)"),
    ],
)
def test_each_problem_is_one_line(facts: dict[str, Any], problem: str) -> None:
    (line,) = said(**facts)
    assert line.startswith(problem)


def test_this_machine_runs_at_least_on_its_cpu() -> None:
    found = examine()
    assert found.devices[0] == "cpu"
    assert found.environment["cpu"]
