"""The measuring process from inside: every row by itself, in random order, in every mode."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness.measure.runtime.worker import Worker, memory_bytes
from tests.measure.runtime.test_process import job
from tests.onnx_files import cnn, too_large_for_memory


def worker(path: Path, **changes: Any) -> tuple[Worker, io.StringIO]:
    answers = io.StringIO()
    return Worker(job(path, **changes), answers), answers


def said(answers: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def two_models(tmp_path: Path) -> list[dict[str, Any]]:
    rows = [[1, "end_to_end"], [2, "end_to_end"], [1, "device"]]
    return [
        {"path": str(cnn(tmp_path / f"{filters}.onnx", filters)), "names": ["image"], "rows": rows}
        for filters in (4, 8)
    ]


def test_every_row_is_timed_once_a_round_in_a_new_order(tmp_path: Path) -> None:
    one, answers = worker(tmp_path, models=two_models(tmp_path), rounds=(6, 6), announce=True)
    answer = one.measure()
    assert [len(row["blocks_ns"]) for row in answer["rows"]] == [6] * 6
    order = [(line["model"], line["batch"], line["mode"]) for line in said(answers) if line["at"] == "block"]
    rounds = [tuple(order[start : start + 6]) for start in range(0, 36, 6)]
    assert all(len(set(each)) == 6 for each in rounds)
    assert len(set(rounds)) > 1


def test_models_are_opened_in_an_order_that_the_seed_decides(tmp_path: Path) -> None:
    """So that no model is always first: the launches of a measurement differ in their seed."""
    orders = set()
    for seed in range(6):
        one, answers = worker(tmp_path, models=two_models(tmp_path), seed=seed)
        one.measure()
        opened = [line["model"] for line in said(answers) if line["at"] == "session"]
        orders.add(tuple(opened[1:]))
    assert orders == {(0, 1), (1, 0)}


def test_rounds_end_with_the_time_but_not_before_the_fewest(tmp_path: Path) -> None:
    one, _ = worker(cnn(tmp_path / "a.onnx"), rounds=(2, 1000), rounds_ns=1)
    assert len(one.measure()["rows"][0]["blocks_ns"]) == 2


def test_a_model_that_can_not_be_opened_leaves_the_others(tmp_path: Path) -> None:
    models = two_models(tmp_path)
    Path(models[0]["path"]).write_bytes(b"broken")
    one, _ = worker(tmp_path, models=models)
    rows = one.measure()["rows"]
    assert all("error" in row for row in rows if row["model"] == 0)
    assert all(row["blocks_ns"] for row in rows if row["model"] == 1)


def test_a_batch_that_does_not_fit_the_memory_is_invalid_and_the_other_stands(tmp_path: Path) -> None:
    """4 TB at batch 32: the runtime's own error is the reason, and batch 1 is measured."""
    path = too_large_for_memory(tmp_path / "large.onnx")
    rows = [[1, "end_to_end"], [32, "end_to_end"]]
    one, _ = worker(path, models=[{"path": str(path), "names": ["image"], "rows": rows}])
    small, large = one.measure()["rows"]
    assert small["blocks_ns"]
    assert "allocate" in large["error"]
    assert large["error"].startswith("the worker ran out of memory (")


def test_the_probe_tells_device_memory_and_rough_latency(tmp_path: Path) -> None:
    one, _ = worker(cnn(tmp_path / "a.onnx"), task="probe")
    answer = one.probe()
    assert answer["rows"][0]["usual_ns"] > 0
    assert answer["rows"][0]["peak_bytes"] >= answer["runtime_bytes"] > 1_000_000
    assert {provider for provider, _, _ in answer["placement"]["assigned"]} == {"CPUExecutionProvider"}


def test_the_probe_passes_on_why_a_model_can_not_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"broken")
    one, _ = worker(path, task="probe")
    assert "Protobuf parsing failed" in one.probe()["load_error"]


def test_memory_is_this_process_s_own_peak() -> None:
    """Allocating 64 MB shows; the figure is not the parent's."""
    before = memory_bytes()
    if before is None:
        pytest.skip("peak memory is read from Linux's /proc")
    block = bytearray(b"x") * (64 << 20)
    after = memory_bytes()
    assert len(block) == 64 << 20
    assert after is not None
    assert after - before >= 0
    assert after >= 64 << 20
