"""What a measurement says about itself: each line appears when it should, and only then."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.measure.advice import advice
from harness.measure.measurement import Measurement
from harness.measure.model import Fed, Placement
from harness.measure.row import MeasuredRow
from tests.measurements import launch, measurement


def lines(one: Measurement) -> tuple[str, ...]:
    return advice(one, one.compare_all())


def with_first_row(one: Measurement, **changes: Any) -> Measurement:
    return one.model_copy(update={"rows": (one.rows[0].model_copy(update=changes), *one.rows[1:])})


def test_a_good_measurement_has_nothing_to_say() -> None:
    assert lines(measurement()) == ()


def test_a_failed_row_gives_its_reason() -> None:
    failed = with_first_row(measurement(), error="the worker hung: nothing for 2 s", launches=())
    assert "folder/model0.onnx at batch 1, end to end is invalid: the worker hung: nothing for 2 s" in lines(failed)


def test_wide_intervals_name_the_cause_and_the_budget() -> None:
    """Launch effects of 5 % against rounds that are good to 0.4 %: the launches are the cause."""
    (line,) = lines(measurement(noise=0.05))
    assert line.startswith("1 of 1 intervals are wider than ±1.5 %")
    assert "launches differ by" in line
    assert "--budget" in line


def test_noise_within_launches_is_told_from_noise_between_them() -> None:
    (line,) = lines(measurement(noise=0.0, precision=0.0001))
    assert "single rounds are noisy" in line


def test_too_few_launches_for_an_interval_say_so() -> None:
    assert any("the budget held 1 launches" in line for line in lines(measurement(launches=1)))


def test_launches_that_were_too_busy_are_counted() -> None:
    """Seven of twelve: their few long calls lost the core in every round."""
    one = measurement(noise=0.05)
    launches = tuple(
        each.model_copy(update={"cpu_shares": (0.5,) * 20}) if number < 7 else each
        for number, each in enumerate(one.rows[0].launches)
    )
    shown = lines(with_first_row(one, launches=launches))
    assert any("in 7 of 12 launches the machine was too busy to time batch 1" in line for line in shown)


def test_a_row_that_failed_is_never_told_as_a_busy_machine_or_a_wide_interval() -> None:
    """It has no launches, as on a machine that is too busy; what counts is why."""
    failed = with_first_row(measurement(), error="the model's batch is fixed at 1", launches=())
    assert lines(failed) == ("folder/model0.onnx at batch 1, end to end is invalid: the model's batch is fixed at 1",)


def test_what_can_not_be_counted_is_said_three_and_the_number_of_the_rest() -> None:
    one = measurement()
    uncounted = tuple(f"'n{number}' (Loop)" for number in range(7))
    model = one.models[1].model_copy(update={"macs": None, "uncounted": uncounted})
    expected = "folder/model1.onnx: {} unknown: 'n0' (Loop), 'n1' (Loop), 'n2' (Loop) and 4 more can't be counted"
    assert lines(one.model_copy(update={"models": (one.models[0], model)})) == (expected.format("MACs"),)
    model = model.model_copy(update={"parameters": None})
    assert lines(one.model_copy(update={"models": (one.models[0], model)})) == (expected.format("MACs and weights"),)


def test_more_threads_than_cpus() -> None:
    assert any("8 threads share 4 CPUs" in line for line in lines(measurement(threads=8)))
    container = measurement(threads=2, environment={"cgroup_cpus": 1.5})
    assert any("2 threads share 1.5 CPUs" in line and "--threads 1" in line for line in lines(container))


def test_a_busy_machine() -> None:
    one = measurement()
    busy = tuple(process.model_copy(update={"cpu_share": 0.7}) for process in one.processes)
    (line,) = lines(one.model_copy(update={"processes": busy}))
    assert line.startswith("other processes had the core for 30 % of the timed blocks")


def drifting(one: Measurement, per_launch: float) -> Measurement:
    rng = np.random.default_rng(0)
    launches = tuple(launch(number, 100 * (1 + per_launch * number), rng) for number in range(12))
    return with_first_row(one, launches=launches)


def test_a_machine_that_drifts_from_launch_to_launch() -> None:
    assert any("the machine drifts" in line and "slower" in line for line in lines(drifting(measurement(), 0.02)))
    assert not any("the machine drifts" in line for line in lines(drifting(measurement(), 0.0)))


def test_a_row_that_is_not_steady_within_its_launches() -> None:
    rng = np.random.default_rng(0)
    launches = tuple(launch(number, 100, rng, drift=0.2) for number in range(12))
    assert any("is not steady: +9" in line for line in lines(with_first_row(measurement(), launches=launches)))


def test_a_warm_up_that_ended_too_soon() -> None:
    one = measurement()
    first = one.rows[0].launches[0].model_copy(update={"settled": False})
    launches = (first, *one.rows[0].launches[1:])
    assert any(
        "still got faster when its warm-up ended" in line for line in lines(with_first_row(one, launches=launches))
    )


def fed(one: Measurement, side: int) -> Measurement:
    return one.model_copy(
        update={"inputs": (Fed(shape=(side, side, 3), dtype="float32", batched=True, invented=True),)}
    )


def test_an_input_that_only_the_last_cache_holds() -> None:
    """0.6 MB is more than the 0.5 MB of a core's own cache, and less than the shared 32 MB."""
    (line,) = lines(fed(measurement(), 224))
    assert "stays in the 34 MB cache" in line
    assert "--input-copies 112" in line


def test_an_input_that_fits_everywhere_or_nowhere_is_as_in_production() -> None:
    assert lines(fed(measurement(), 28)) == ()
    assert lines(fed(measurement(), 2000)) == ()
    assert lines(fed(measurement(input_copies=200), 224)) == ()


def two_modes(end_to_end_us: float, device_us: float) -> Measurement:
    """The same model on a GPU, with and without the copies of its data."""
    one = measurement((end_to_end_us,), modes=("end_to_end", "device"))
    resident = measurement((device_us,)).rows[0]
    rows: list[MeasuredRow] = [one.rows[0].model_copy(update={"device": "cuda"})]
    rows.append(resident.model_copy(update={"device": "cuda", "mode": "device"}))
    return one.model_copy(update={"rows": tuple(rows)})


def test_copies_that_cost_more_than_the_model() -> None:
    assert any("copies between host and device take 2" in line for line in lines(two_modes(300, 80)))
    assert not any("copies" in line for line in lines(two_modes(100, 80)))


def test_a_control_that_differs_warns() -> None:
    one = measurement()
    slow = measurement((100.0, 106.0)).rows[1].model_copy(update={"model": 0})
    (line,) = lines(one.model_copy(update={"control": (slow,)}))
    assert line.startswith("the control, a copy of the baseline, came out slower at batch 1")


def test_what_the_graphs_show_is_passed_on() -> None:
    one = measurement()
    found = one.models[1].model_copy(update={"findings": ("channels off the hardware's step",)})
    shown = lines(one.model_copy(update={"models": (one.models[0], found)}))
    assert shown == ("folder/model1.onnx: channels off the hardware's step",)


def test_on_a_gpu_what_falls_to_the_cpu_and_the_copies_are_listed() -> None:
    one = measurement()
    ran = (
        ("CUDAExecutionProvider", "conv", "Conv", ("float",)),
        ("CUDAExecutionProvider", "copy", "MemcpyToHost", ("float",)),
        ("CPUExecutionProvider", "odd", "Unique", ("float",)),
        ("CPUExecutionProvider", "size", "Shape", ("int64",)),
    )
    placed = Placement(assigned=(), ran=ran)
    model = one.models[1].model_copy(update={"placement": placed, "device": "cuda+cpu"})
    shown = lines(one.model_copy(update={"models": (one.models[0], model)}))
    assert shown == (
        "folder/model1.onnx: 1 nodes fall to the CPU: 'odd' (Unique)",
        "folder/model1.onnx: copies and shape computations on the way: 'copy' (MemcpyToHost) on CUDAExecutionProvider, "
        "'size' (Shape) on CPUExecutionProvider",
    )
