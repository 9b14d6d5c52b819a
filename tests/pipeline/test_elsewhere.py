"""`harness run` as people run it: the work in a process of its own, which makes what this process would make."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.base.store import file_digest
from harness.pipeline.engine.place import PLACES
from harness.pipeline.run import run_study
from harness.spec import read_study
from tests.base.test_crash import alive, crashing
from tests.cli.test_app import harness

STUDY = """
name = "small"
data.limit = 200
train = {epochs = 1, batch_size = 32}
measure = {batch_sizes = [1], budget_s = 1, device = "cpu"}

[[networks]]
model = "single_conv"
options.filters = 4
prune = [{ratio = 0.5, finetune_epochs = 1}, {ratio = 0.001}]
"""
MADE = {"train": "accuracy.json", "train_on": None, "prune": None, "export": "model.onnx", "accuracy": "accuracy.json"}
LONGEST_S = 120


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(STUDY)
    return tmp_path / "small.toml"


def made(store: Path) -> dict[str, str | None]:
    """What each artifact is, as far as it does not hold seconds or the time of its writing."""
    return {
        str(folder.relative_to(store)): file_digest(folder / name) if (name := MADE[folder.parent.name]) else None
        for stage in MADE
        for folder in (store / stage).iterdir()
        if folder.is_dir()
    }


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_seconds(each) for key, each in value.items() if key != "seconds"}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def test_a_worker_makes_what_this_process_makes_and_a_log_tells_how_far_it_is(study: Path, tmp_path: Path) -> None:
    """To the byte, with the same keys; and a row that is refused says the same."""
    ran = harness("run", "small.toml", "--json", cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    told = json.loads(ran.stdout)
    here = run_study(read_study(study), runs=tmp_path / "here", store=tmp_path / "store")
    assert without_seconds(told["rows"]) == without_seconds(here.results.model_dump(mode="json")["rows"])
    assert made(tmp_path / ".harness") == made(tmp_path / "store")
    lines = ran.stderr.splitlines()
    assert lines[:2] == ["study small", "1 of 1: single_conv seed=0"]
    assert lines[2].startswith("[1/4] single_conv seed=0 original: ")
    assert "(1 done, 3 left, until about " in lines[2]
    assert lines[5].startswith("[4/4] single_conv seed=0 0.1 %: failed: ")
    assert lines[5].endswith("(3 done, 1 failed, 0 left)")


def test_ctrl_c_ends_all_and_says_how_to_go_on(study: Path, tmp_path: Path) -> None:
    heeding = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", f"{heeding}runpy.run_module('harness', run_name='__main__')", "run", str(study)]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert started.stderr is not None
    ending = threading.Timer(LONGEST_S, started.kill)
    ending.start()
    while not (line := started.stderr.readline()).startswith("1 of 1"):
        assert line, "it ended before it began"
    processes = below(started.pid)
    while not any("spawn_main" in " ".join(each.cmdline()) for each in processes):
        time.sleep(0.05)
        processes = below(started.pid)
    started.send_signal(signal.SIGINT)
    err = started.communicate()[1]
    ending.cancel()
    assert started.returncode == 130
    assert err.splitlines() == [
        "0 of 4 rows are finished and kept",
        "harness: interrupted; nothing is half-written, and `harness run` goes on where it stopped",
    ]
    psutil.wait_procs(processes, timeout=60)
    assert not any(alive(process.pid) for process in processes)
    assert not list((tmp_path / ".harness").rglob("*.unfinished"))


def below(pid: int) -> list[psutil.Process]:
    """The processes that one has started, and those of these."""
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.parametrize("words", [["run", "small.toml"], ["frontier", "net.keras", "--data", "mnist5k"]])
def test_no_such_place_is_one_line(words: list[str], study: Path, tmp_path: Path) -> None:
    ran = harness(*words, "--on", "wrokers", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"harness: --on wrokers: no such place; give {PLACES}\n"


@pytest.mark.slow
def test_a_layer_that_kills_its_process_costs_its_network_and_no_other(tmp_path: Path) -> None:
    """Real TensorFlow, real signal: both rows of that network say so, and the other network is measured."""
    crashing(tmp_path / "net.keras")
    text = STUDY.replace("data.limit = 200", "data = {limit = 200, resize = [6, 6], classes = 2}")
    text = text.replace(", {ratio = 0.001}", "")
    (tmp_path / "both.toml").write_text(f"{text}\n[[networks]]\nmodel = 'net.keras'\nprune = [{{ratio = 0.5}}]\n")
    ran = harness("run", "both.toml", "--json", "--unsafe", cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    errors = [row["error"] for row in json.loads(ran.stdout)["rows"]]
    assert errors[:3] == [None] * 3
    assert len(errors) == 5
    for error in errors[3:]:
        assert error.startswith("its process was killed by SIGFPE at 'check net seed=0'; native code")
    assert len(json.loads(ran.stdout)["measurements"]) == 1
