"""The worker's life: answers, crashes, hangs, and no process left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.measure.runtime.process import WorkerFailedError, run_worker
from tests.onnx_files import cnn, runs_forever


def job(path: Path, **changes: Any) -> dict[str, Any]:
    """A job that measures one model at batch 1 for one round."""
    return {
        "task": "measure",
        "settings": {"device": "cpu"},
        "inputs": [{"shape": [None, 1, 8, 8], "dtype": "float32"}],
        "models": [{"path": str(path), "names": ["image"], "rows": [[1, "end_to_end"]]}],
        "seed": 0,
        "copies": 1,
        "block_ns": 100_000,
        "warmup_ns": 10_000_000,
        "rounds": (1, 1),
        "rounds_ns": 0,
        "announce": False,
        **changes,
    }


def workers() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children() if "harness.measure.runtime.worker" in " ".join(child.cmdline())
    ]


def test_a_launch_answers_with_raw_samples_and_leaves_no_process(tmp_path: Path) -> None:
    answer = run_worker(job(cnn(tmp_path / "a.onnx"), rounds=(3, 3)), timeout_s=60)
    (row,) = answer["rows"]
    assert (row["model"], row["batch"], row["mode"]) == (0, 1, "end_to_end")
    assert len(row["blocks_ns"]) == 3
    assert all(call > 0 for block in row["blocks_ns"] for call in block)
    assert answer["startup_ns"] > 0
    assert answer["session_ns"]["0"] > 0
    assert workers() == []


def test_a_hanging_model_is_killed_and_named(tmp_path: Path) -> None:
    """With more patience where a busy machine has not even started the worker by then."""
    forever = runs_forever(tmp_path / "forever.onnx")
    for patience_s in (2, 10, 50):
        with pytest.raises(WorkerFailedError, match=f"^the worker hung: nothing for {patience_s} s ") as failed:
            run_worker(job(forever), timeout_s=patience_s)
        assert workers() == []
        if failed.value.at.get("at") == "first run":
            break
    assert str(failed.value).endswith("s at its first run, batch 1")
    assert failed.value.at["model"] == 0


def kill_soon(signal_number: int) -> threading.Thread:
    """Send a signal to the worker once there is one that opened its model."""

    def kill() -> None:
        while not (found := workers()):
            time.sleep(0.02)
        while found[0].num_threads() < 2:  # the thread that waits for the parent's end: the job has been read
            time.sleep(0.02)
        found[0].send_signal(signal_number)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("number", "reason"), [(11, "killed by SIGSEGV"), (9, "killed by SIGKILL, most likely out of memory")]
)
def test_a_crashing_worker_says_how_it_died(tmp_path: Path, number: int, reason: str) -> None:
    killer = kill_soon(number)
    with pytest.raises(WorkerFailedError, match=reason):
        run_worker(job(runs_forever(tmp_path / "forever.onnx")), timeout_s=60)
    killer.join()
    assert workers() == []


def test_a_worker_that_can_not_start_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailedError, match="exit code 1 before its first step: KeyError: 'settings'"):
        run_worker({"task": "measure"}, timeout_s=60)


def measuring(path: Path) -> psutil.Popen:
    """A process that measures a model without end, and its workers."""
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's is ignored\n"
        "from pathlib import Path; from harness.measure import measure; from harness.spec import MeasureSpec\n"
        f"measure([Path({str(path)!r})], MeasureSpec(device='cpu', batch_sizes=(1,)))"
    )
    return psutil.Popen([sys.executable, "-c", command], stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("number", [2, 9])
def test_no_worker_outlives_the_process_that_measures(tmp_path: Path, number: int) -> None:
    """Neither after Ctrl-C nor after SIGKILL, which no one can catch."""
    process = measuring(runs_forever(tmp_path / "forever.onnx"))
    children = wait_for_workers(process)
    process.send_signal(number)
    process.wait(30)
    assert psutil.wait_procs(children, timeout=30)[1] == []


def wait_for_workers(process: psutil.Process) -> list[psutil.Process]:
    """The workers of a measuring process, once they have read their jobs."""
    while True:
        found = process.children()
        if found and all(child.num_threads() > 1 for child in found):
            return found
        time.sleep(0.02)


def test_the_worker_needs_onnxruntime_and_numpy_only() -> None:
    """It runs where nothing else is installed, and starts fast."""
    modules = "print(*{name.partition('.')[0] for name in sys.modules})"
    command = f"import sys, harness.measure.runtime.worker, onnxruntime; {modules}"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    unwanted = {"pydantic", "scipy", "onnx", "keras", "tensorflow", "psutil", "rich", "typer", "pandas"}
    assert unwanted.isdisjoint(loaded)
    assert {"onnxruntime", "numpy"} <= set(loaded)
