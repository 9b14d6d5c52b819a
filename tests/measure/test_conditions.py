"""Latencies from different conditions are not compared, and the difference is named."""

from __future__ import annotations

from typing import Any

import pytest

from harness.base.errors import MeasureError
from harness.measure.conditions import differences, require_same_conditions
from tests.measurements import measurement


def test_the_same_conditions_have_no_difference() -> None:
    """Seeds, budgets and the machine's load are no conditions."""
    first, second = measurement(), measurement((70.0, 60.0), seed=3, environment={"load_1_min": 9.0})
    assert differences(first, second) == ()
    require_same_conditions(first, second)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"threads": 2}, "threads: 1 against 2"),
        ({"spinning": False}, "spinning: True against False"),
        ({"optimization": "none"}, "optimization: all against none"),
        ({"environment": {"cpu": "Another CPU"}}, "cpu: Some CPU against Another CPU"),
        ({"environment": {"cpu_flags": ["avx2"]}}, "cpu_flags: avx512f against none of these"),
        ({"environment": {"affinity": [0]}}, "CPUs allowed: 4 against 1"),
        ({"environment": {"cgroup_cpus": 1.5}}, "cgroup_cpus: unknown against 1.5"),
        ({"environment": {"versions": {"onnxruntime": "1.30.0"}}}, "onnxruntime: 1.31.1 against 1.30.0"),
    ],
)
def test_each_difference_is_named_and_refused(change: dict[str, Any], named: str) -> None:
    first, second = measurement(), measurement(**change)
    assert differences(first, second) == (named,)
    with pytest.raises(MeasureError, match="different conditions, so not comparable: "):
        require_same_conditions(first, second)


def test_another_gpu_driver_or_provider_option_is_a_difference() -> None:
    gpu = {"name": "X", "driver_version": "580", "clocks.max.sm": "1980 MHz", "persistence_mode": "Enabled"}
    first = measurement(environment={"gpus": [gpu]})
    second = measurement(environment={"gpus": [{**gpu, "driver_version": "570"}]})
    tuned = first.models[0].model_copy(update={"provider_options": {"use_tf32": "0"}})
    assert "570" in differences(first, second)[0]
    assert differences(first, first.model_copy(update={"models": (tuned, first.models[1])})) == (
        "provider option use_tf32: unknown against 0",
    )


def test_another_input_is_a_difference() -> None:
    first = measurement()
    second = first.model_copy(update={"inputs": (first.inputs[0].model_copy(update={"dtype": "uint8"}),)})
    assert differences(first, second) == ("inputs: Nx8x8x1:float32 invented against Nx8x8x1:uint8 invented",)


def test_other_values_of_one_input_are_a_difference() -> None:
    """Told by their digests: a model's time may depend on its data."""
    first, second = (
        one.model_copy(update={"inputs": (one.inputs[0].model_copy(update={"invented": False, "sha256": digest}),)})
        for one, digest in ((measurement(), "ab" * 32), (measurement(), "cd" * 32))
    )
    assert differences(first, first) == ()
    given = "Nx8x8x1:float32 given (SHA-256 {}...)"
    assert differences(first, second) == (f"inputs: {given.format('ab' * 6)} against {given.format('cd' * 6)}",)


def test_a_batch_elsewhere_is_a_difference() -> None:
    first = measurement()
    second = first.model_copy(update={"inputs": (first.inputs[0].model_copy(update={"batch_axis": 1}),)})
    assert differences(first, second) == ("inputs: Nx8x8x1:float32 invented against 8xNx8x1:float32 invented",)
