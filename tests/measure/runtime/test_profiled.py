"""Models side by side, whole and node by node."""

from __future__ import annotations

from pathlib import Path

from bench.networks import chain
from harness.measure.runtime.process import run_worker
from harness.measure.runtime.profiled import FEWEST_RUNS, middle_mean, undisturbed


def test_a_worker_tells_blocks_and_kernels_of_each_model(tmp_path: Path) -> None:
    paths = [chain(tmp_path / f"{blocks}.onnx", blocks, channels=16, side=6) for blocks in (2, 4)]
    job = {
        "task": "profile",
        "settings": {"device": "cpu"},
        "inputs": [{"shape": [None, 16, 6, 6], "dtype": "float32"}],
        "models": [{"path": str(path), "names": ["input"]} for path in paths],
        "batch": 2,
        "one_thread": True,
        "seed": 0,
        "warmup_ns": 1_000_000,
        "block_ns": 100_000,
        "rounds": (3, 3),
        "rounds_ns": 0,
    }
    answer = run_worker(job, 60)
    assert [len(blocks) for blocks in answer["blocks_ns"]] == [3, 3]
    assert [len(shares) for shares in answer["shares"]] == [3, 3]
    assert [len(times) for times in answer["cpu_ns"]] == [3, 3]
    convolutions = [[name for name, operator, _ in nodes if "Conv" in operator] for nodes in answer["nodes"]]
    assert [len(names) for names in convolutions] == [2, 4]
    assert all(us >= 0 for nodes in answer["nodes"] for _, _, us in nodes)


def test_a_model_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    job = {
        "task": "profile",
        "settings": {"device": "cpu"},
        "inputs": [{"shape": [None, 1], "dtype": "float32"}],
        "models": [{"path": str(path), "names": ["input"]}],
        "batch": 1,
        "seed": 0,
    }
    assert "error" in run_worker(job, 60)


def test_runs_that_lost_their_core_are_set_aside_but_never_all() -> None:
    assert undisturbed([1.0, 0.99, 0.4, 0.97, 0.95]) == [0, 1, 3, 4]
    assert undisturbed([0.3, 0.8, 0.2, 0.6]) == [0, 1, 3]
    assert len(undisturbed([0.1] * 8)) >= FEWEST_RUNS


def test_the_usual_time_is_no_whole_microsecond_and_ignores_what_was_interrupted() -> None:
    assert middle_mean([2, 2, 3, 3, 900, 2, 3, 1]) == 2.5
