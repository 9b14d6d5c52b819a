"""The formats that other programs read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.measure.exchange import as_json, as_pytest_benchmark
from tests.measurements import measurement


def test_the_answer_has_the_promised_keys_and_is_strict_json() -> None:
    one = measurement()
    answer = json.loads(json.dumps(as_json(one, one.compare_all()), allow_nan=False))
    assert {"schema", "environment", "models", "comparisons", "control"} <= set(answer)
    row = answer["models"][0]
    assert {"path", "sha256", "batch", "device", "mode", "median_us", "samples"} <= set(row)
    assert row["percentiles"]["p90"]["us"] == pytest.approx(100, rel=0.1)
    assert (row["macs"], row["settled"]) == (5000, True)
    comparison = answer["comparisons"][0]
    assert {"baseline", "candidate", "batch", "speedup", "ci_low", "ci_high", "verdict"} <= set(comparison)
    assert (comparison["baseline"], comparison["candidate"]) == ("folder/model0.onnx", "folder/model1.onnx")
    assert answer["control"]["comparisons"][0]["verdict"] == "equivalent"


def test_all_raw_samples_are_there_in_microseconds() -> None:
    one = measurement()
    samples = as_json(one, ())["models"][0]["samples"]
    assert np.shape(samples) == (12, 20, 5)
    assert samples[0][0][0] == one.rows[0].launches[0].blocks_ns[0][0] / 1000


def test_pytest_benchmark_compares_two_of_our_files(tmp_path: Path) -> None:
    """Its own command reads them, names our rows, and shows the medians."""
    for number, latencies in enumerate(((100.0, 50.0), (100.0, 40.0)), start=1):
        path = tmp_path / f"000{number}_ours.json"
        path.write_text(json.dumps(as_pytest_benchmark(measurement(latencies)), allow_nan=False))
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "--columns=median,rounds", "--sort=name"]
    done = subprocess.run(
        [*command, *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "model0[batch=1-end_to_end]" in done.stdout
    assert "model1[batch=1-end_to_end]" in done.stdout


def test_a_benchmark_holds_one_value_a_launch_and_what_else_is_known() -> None:
    found = as_pytest_benchmark(measurement())["benchmarks"][1]
    assert found["stats"]["rounds"] == 12
    assert found["stats"]["median"] == pytest.approx(50e-6, rel=0.02)
    assert found["extra_info"]["speedup"] == pytest.approx(2, rel=0.02)
    assert (found["extra_info"]["device"], found["params"]) == ("cpu", {"batch": 1, "mode": "end_to_end"})


def test_statistics_agree_with_pytest_benchmark_s_own() -> None:
    """The same numbers from its Stats class, on a series with outliers."""
    from pytest_benchmark.stats import Stats

    from harness.measure.exchange import _stats

    values = [1.0, 1.1, 1.2, 1.3, 1.4, 9.0]
    theirs = Stats()
    for value in values:
        theirs.update(value)
    ours = _stats(values)
    for field in ("min", "max", "mean", "stddev", "median", "rounds", "total", "ops", "outliers", "ld15iqr"):
        assert ours[field] == pytest.approx(getattr(theirs, field)), field


def test_rows_that_failed_are_left_out_of_the_benchmarks() -> None:
    one = measurement()
    failed = one.rows[1].model_copy(update={"launches": (), "error": "hung"})
    found = as_pytest_benchmark(one.model_copy(update={"rows": (one.rows[0], failed)}))
    assert [each["name"] for each in found["benchmarks"]] == ["model0[batch=1-end_to_end]"]
