"""Whether a measurement can be trusted."""

from __future__ import annotations

from typing import Any

from harness.compare import compare
from harness.compare.results import Results
from harness.measure.model import Placement
from harness.report.tables.health import health_table
from harness.report.tables.table import Cell
from harness.spec import Study
from tests.synthetic import World, results_of


def checks(results: Results) -> dict[str, tuple[Cell, ...]]:
    table = health_table(results, compare(results))
    assert table is not None
    return {row[0].text: row for row in table.rows}


def changed(results: Results, **changes: Any) -> Results:
    (measurement,) = results.measurements
    return results.model_copy(update={"measurements": (measurement.model_copy(update=changes),)})


def test_an_undisturbed_measurement_is_good_but_for_what_was_not_recorded(results: Results) -> None:
    found = checks(results)
    assert {name: row[2].badge for name, row in found.items()} == {
        "A copy against itself (A/A)": "good",
        "Launches": "good",
        "Drift, first to last launches": found["Drift, first to last launches"][2].badge,
        "Own core": "good",
        "Warm-up": "good",
        "Placement": "look",
    }
    assert "was not recorded for 8" in found["Placement"][1].text
    assert found["Launches"][1].text.startswith("12 fresh processes in 42")


def test_a_spent_budget_a_shared_core_and_a_short_warm_up_are_to_be_looked_at(results: Results) -> None:
    (measurement,) = results.measurements
    busy = tuple(process.model_copy(update={"cpu_share": 0.5}) for process in measurement.processes)
    row = measurement.rows[0]
    cold = row.model_copy(update={"launches": (row.launches[0].model_copy(update={"settled": False}),)})
    rows = (cold, *measurement.rows[1:])
    found = checks(changed(results, stopped="budget", processes=busy, rows=rows))
    assert [found[name][2].badge for name in ("Launches", "Own core", "Warm-up")] == ["look"] * 3
    assert found["Warm-up"][1].text.startswith("15 of 16")


def test_placement_counts_what_ran_and_what_fell_to_the_cpu(results: Results) -> None:
    (measurement,) = results.measurements

    def placed(device: str, provider: str) -> Results:
        ran = ((provider, "conv", "Conv", ("float32",)),)
        placement = Placement(assigned=(), ran=ran)
        models = tuple(
            model.model_copy(update={"device": device, "placement": placement}) for model in measurement.models
        )
        return changed(results, models=models)

    assert checks(placed("cpu", "CPUExecutionProvider"))["Placement"][1].text == (
        "8 graphs on CPU, all 8 kernels by the runtime's own profile"
    )
    assert checks(placed("cpu", "CPUExecutionProvider"))["Placement"][2].badge == "good"
    fell = checks(placed("cuda+cpu", "CPUExecutionProvider"))["Placement"]
    assert fell[1].text == "8 graphs on CUDA+CPU; 8 nodes ran on the CPU instead"
    assert fell[2].badge == "look"


def test_placement_names_what_computed_with_8_bit_numbers_and_pairs_left_over(results: Results) -> None:
    (measurement,) = results.measurements
    ran = (
        ("CPUExecutionProvider", "a", "QLinearConv", ("uint8",)),
        ("CPUExecutionProvider", "b", "QGemm", ("float32",)),
        ("CPUExecutionProvider", "c", "Softmax", ("float32",)),
    )
    pair = (("q", "QuantizeLinear", "'c' (Softmax)", "'d' (DequantizeLinear)"), ("d", "DequantizeLinear", "", "output"))

    def told(left: tuple[tuple[str, str, str, str], ...]) -> tuple[Cell, ...]:
        placed = Placement(assigned=(), ran=ran, conversions=left)
        models = tuple(model.model_copy(update={"placement": placed}) for model in measurement.models)
        return checks(changed(results, models=models))["Placement"]

    whole, left = told(()), told(pair)
    assert whole[1].text.endswith("own profile; 16 with 8-bit numbers (8 QLinearConv, 8 QGemm)")
    assert left[1].text.endswith("; 8 pairs of Quantize and Dequantize left over")
    assert (whole[2].badge, left[2].badge) == ("good", "look")


def test_nothing_measured_has_no_health() -> None:
    study = Study.model_validate({"name": "one", "networks": [{"model": "single_conv"}]})
    results = results_of(study, World(measured=False))
    assert health_table(results, compare(results)) is None
