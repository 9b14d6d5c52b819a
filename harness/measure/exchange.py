"""A measurement in the formats that other programs read."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from harness.measure.advice import advice
from harness.measure.comparison import Comparison
from harness.measure.conditions import conditions
from harness.measure.measurement import Measurement
from harness.measure.row import MeasuredRow

JSON_SCHEMA = "harness-measure/1"
PERCENTILES = (90, 95, 99)


def as_json(measurement: Measurement, comparisons: tuple[Comparison, ...]) -> dict[str, Any]:
    """What `harness measure --json` prints. Times are in microseconds; samples are [launch][block][call]."""
    paths = [model.path for model in measurement.models]
    controls = measurement.compare_control()
    return {
        "schema": JSON_SCHEMA,
        "environment": {**measurement.environment, "conditions": conditions(measurement)},
        "spec": measurement.spec.model_dump(mode="json"),
        "launches": measurement.launches,
        "stopped": measurement.stopped,
        "seconds": round(measurement.seconds, 3),
        "inputs": [one.model_dump(mode="json") for one in measurement.inputs],
        "models": [_row(measurement, row) for row in measurement.rows],
        "comparisons": [_comparison(found, paths) for found in comparisons],
        "control": {
            "of": paths[measurement.control_of],
            "models": [_row(measurement, row) for row in measurement.control],
            "comparisons": [_comparison(found, paths) for found in controls],
        },
        "advice": list(advice(measurement, comparisons)),
    }


def _row(measurement: Measurement, row: MeasuredRow) -> dict[str, Any]:
    model = measurement.models[row.model]
    percentiles = [row.percentile(percent) for percent in PERCENTILES] if row.launches else []
    return {
        "path": model.path,
        "sha256": model.sha256,
        "batch": row.batch,
        "device": row.device,
        "mode": row.mode,
        "median_us": row.median_us,
        "percentiles": {
            f"p{one.percent:g}": {"us": one.value_us, "independent": round(one.independent, 1), "reason": one.reason}
            for one in percentiles
        },
        "throughput_per_s": row.throughput_per_s,
        "first_run_us": row.first_us,
        "session_us": model.session_us,
        "settled": row.settled,
        "peak_bytes": row.peak_bytes,
        "gpu_bytes": row.gpu_bytes,
        "runtime_bytes": model.runtime_bytes,
        "size_bytes": model.size_bytes,
        "parameters": model.parameters,
        "macs": None if model.macs is None else model.macs * row.batch,
        "uncounted": list(model.uncounted),
        "opset": model.opset,
        "on_the_way": list(model.placement.on_the_way) if model.placement else [],
        "placement": model.placement.model_dump(mode="json") if model.placement else None,
        "error": row.error,
        "samples": [[[call / 1000 for call in block] for block in launch.blocks_ns] for launch in row.launches],
    }


def _comparison(found: Comparison, paths: list[str]) -> dict[str, Any]:
    values = found.model_dump(mode="json")
    return {**values, "baseline": paths[found.baseline], "candidate": paths[found.candidate]}


def as_pytest_benchmark(measurement: Measurement) -> dict[str, Any]:
    """The measurement in pytest-benchmark's JSON, one benchmark a row and one of its rounds a launch.

    `pytest-benchmark compare`, and what else reads its files, work on it. Rows that failed are left out: the format
    has no place for them.
    """
    environment = measurement.environment
    return {
        "machine_info": _machine_info(environment),
        "commit_info": {},
        "benchmarks": [_benchmark(measurement, row) for row in measurement.rows if row.launches],
        "datetime": datetime.now(UTC).isoformat(),
        "version": "5.0.0",
    }


def _machine_info(environment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "node": "",
        "processor": platform.processor(),
        "machine": platform.machine(),
        "python_implementation": platform.python_implementation(),
        "python_version": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "cpu": {
            "brand_raw": environment.get("cpu"),
            "count": environment.get("cpus"),
            "flags": environment.get("cpu_flags"),
        },
        "gpus": environment.get("gpus"),
        "versions": environment.get("versions"),
    }


def _benchmark(measurement: Measurement, row: MeasuredRow) -> dict[str, Any]:
    model = measurement.models[row.model]
    name = f"{Path(model.path).stem}[batch={row.batch}-{row.mode}]"
    speedup = None
    if row.model != measurement.control_of:
        speedup = measurement.compare(measurement.control_of, row.model, row.batch, row.mode).speedup
    return {
        "group": f"batch {row.batch}, {row.mode}",
        "name": name,
        "fullname": f"{model.path}::{name}",
        "params": {"batch": row.batch, "mode": row.mode},
        "param": f"{row.batch}-{row.mode}",
        "extra_info": {
            "device": row.device,
            "sha256": model.sha256,
            "speedup": speedup,
            "parameters": model.parameters,
            "macs": model.macs,
        },
        "options": {
            "disable_gc": True,
            "timer": "perf_counter",
            "min_rounds": 1,
            "max_time": measurement.spec.budget_s,
            "min_time": 0.0,
            "warmup": True,
        },
        "stats": _stats([launch.usual_us / 1e6 for launch in row.launches]),
    }


def _stats(seconds: list[float]) -> dict[str, Any]:
    """pytest-benchmark's statistics of a series, in seconds; its outliers are those beyond 1 SD and 1.5 IQR."""
    data = np.sort(np.asarray(seconds))
    q1, median, q3 = (float(value) for value in np.percentile(data, (25, 50, 75)))
    mean, deviation = float(data.mean()), float(data.std(ddof=1)) if data.size > 1 else 0.0
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    inside = data[(data >= low) & (data <= high)]
    outside = int((np.abs(data - mean) > deviation).sum()) if deviation else 0
    return {
        "min": float(data[0]),
        "max": float(data[-1]),
        "mean": mean,
        "stddev": deviation,
        "rounds": int(data.size),
        "median": median,
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": int(data.size - inside.size),
        "stddev_outliers": outside,
        "outliers": f"{outside};{data.size - inside.size}",
        "ld15iqr": float(inside[0]),
        "hd15iqr": float(inside[-1]),
        "ops": 1 / mean if mean else math.inf,
        "total": float(data.sum()),
        "data": [float(value) for value in seconds],
        "iterations": 1,
    }
