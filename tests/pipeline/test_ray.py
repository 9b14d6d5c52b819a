"""`--on ray`: the same study on Ray's nodes gives the same, and what breaks there is one row, or one line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.pipeline.run import run_study
from harness.spec import read_study
from tests.base.test_crash import alive
from tests.cli.test_app import harness, in_process
from tests.pipeline.test_elsewhere import STUDY, below, made, without_seconds, words
from tests.pipeline.test_planted import STAGES, WAYS, check_planted, run_planted
from tests.pipeline.test_planted import STUDY as PLANTED
from tests.rays import ROOT, TwoNodes, end, free_ports, two_nodes
from tests.s3 import S3

pytest.importorskip("ray", reason="needs the development packages: ray[client]")
pytestmark = pytest.mark.timeout(280)
LONGEST_S = 240


def told(err: str) -> list[str]:
    """What is said on stderr, line by line."""
    return [line for line in err.splitlines() if line]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(STUDY)
    return tmp_path / "small.toml"


@pytest.mark.slow
def test_each_stage_dies_in_its_own_way_and_costs_no_other_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_planted(tmp_path, monkeypatch, dict(zip(STAGES, WAYS, strict=True)), on="ray")


def test_rows_and_what_is_stored_are_those_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = PLANTED | {"seeds": [0, 1, 2]}
    rows, keys = {}, {}
    for on in ("workers", "ray"):
        done = run_planted(tmp_path / on, monkeypatch, study, [], on)
        rows[on] = [row.model_dump() for row in done.results.rows]
        keys[on] = {path.name for path in (tmp_path / on / "store").glob("*/*") if path.is_dir()}
    assert rows["ray"] == rows["workers"]
    assert keys["ray"] == keys["workers"] != set()


@pytest.mark.parametrize("kind", ["ray://127.0.0.2:{}", "ray:127.0.0.2:{}"])
def test_where_nobody_answers_is_one_line(
    kind: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    place = kind.format(free_ports(1)[0])
    code, out, err = in_process(capsys, "run", "small.toml", "--on", place)
    assert (code, out) == (2, "")
    address = place if "//" in place else place.removeprefix("ray:")
    assert told(err) == [
        f"harness: {address}: nobody answers (connection refused); start Ray there, or give --on workers"
    ]
    assert not (tmp_path / "runs").exists()


def test_without_ray_is_one_line_that_names_the_extra(study: Path, tmp_path: Path) -> None:
    code = "import runpy, sys; sys.modules['ray'] = None; runpy.run_module('harness', run_name='__main__')"
    command = [sys.executable, "-c", code, "run", "small.toml", "--on", "ray"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONGEST_S, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert told(ran.stderr) == ["harness: --on ray: Ray is not installed; install prune-harness[cluster]"]


def at_work(started: subprocess.Popen[str]) -> list[psutil.Process]:
    """All its processes, once a worker of ours is among them."""
    assert started.stderr is not None
    while not (line := started.stderr.readline()).startswith("1 of 1"):
        assert line, "it ended before it began"
    while True:
        processes = below(started.pid)
        if any("spawn_main" in " ".join(words(each)) for each in processes):
            return processes
        assert started.poll() is None
        time.sleep(0.05)


def test_ctrl_c_ends_all_and_says_how_to_go_on(study: Path, tmp_path: Path) -> None:
    heeding = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", f"{heeding}runpy.run_module('harness', run_name='__main__')"]
    started = subprocess.Popen(
        [*command, "run", str(study), "--on", "ray"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    ending = threading.Timer(LONGEST_S, started.kill)
    ending.start()
    try:
        processes = at_work(started)
        started.send_signal(signal.SIGINT)
        err = started.communicate()[1]
    finally:
        ending.cancel()
        end(started.pid)
    assert started.returncode == 130
    assert told(err) == [
        "0 of 4 rows are finished and kept",
        "harness: interrupted; nothing is half-written, and `harness run` goes on where it stopped",
    ]
    psutil.wait_procs(processes, timeout=60)
    assert [process for process in processes if alive(process.pid)] == []
    assert not list((tmp_path / ".harness").rglob("*.unfinished"))


BOTH = f"{STUDY.replace(', {ratio = 0.001}', '')}\n[[networks]]\nmodel = 'net.keras'\nprune = [{{ratio = 0.5}}]\n"


def network(path: Path) -> None:
    """A trained network in a file of its own."""
    from harness.base.keras_import import import_keras

    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10)]
    keras.Sequential([keras.Input((28, 28, 1)), *layers]).save(path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_nodes_that_share_only_the_store_give_what_this_process_gives(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, with the same keys, over Ray's client; from one of the machines the second time nothing is made."""
    (tmp_path / "both.toml").write_text(BOTH.replace('name = "small"', 'name = "small"\nseeds = [0, 1]'))
    network(tmp_path / "net.keras")
    command = ["run", "both.toml", "--json", "--store", s3.address, "--cache", "here"]
    with two_nodes() as cluster:
        caches = [str(tmp_path / name) for name in ("first", "second")]
        cluster.start({"HARNESS_CACHE": caches[0]}, {"HARNESS_CACHE": caches[1]})
        first = harness(*command, "--on", cluster.client, cwd=tmp_path)
        again = harness(*command, "--on", cluster.head, cwd=tmp_path)
    assert (first.returncode, again.returncode) == (1, 1), "the network in the file is at chance: it never learned"
    monkeypatch.chdir(tmp_path)
    here = run_study(read_study(tmp_path / "both.toml"), runs=tmp_path / "runs-here", store=tmp_path / "store")
    wanted = without_seconds(here.results.model_dump(mode="json")["rows"])
    assert [row["error"] for row in wanted] == [None] * len(wanted)
    assert without_seconds(json.loads(first.stdout)["rows"]) == wanted, first.stderr
    assert json.loads(again.stdout)["rows"] == json.loads(first.stdout)["rows"], again.stderr
    (cache,) = (tmp_path / "here").glob("*/train")
    assert made(cache.parent) == made(tmp_path / "store")
    trained = [sorted(path.name for path in Path(each).glob("*/train/*/model.keras")) for each in caches]
    assert all(trained), "both nodes trained"


def kill_after_the_first(cluster: TwoNodes, store: Path) -> None:
    """Kill the second node when the first training is finished."""
    until = time.monotonic() + LONGEST_S
    while not list(store.glob("train/*/manifest.json")) and time.monotonic() < until:
        time.sleep(0.01)
    cluster.kill(1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_node_that_is_killed_costs_its_row_and_the_next_run_makes_that_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study: dict[str, Any] = PLANTED | {"seeds": list(range(12))}
    with two_nodes() as cluster:
        cluster.start({}, {})
        killing = threading.Thread(target=kill_after_the_first, args=(cluster, tmp_path / "store"))
        killing.start()
        first = run_planted(tmp_path, monkeypatch, study, [], cluster.client)
        killing.join()
    lost = [row.error for row in first.results.rows if row.error is not None]
    assert lost
    assert all("is gone; run the study again" in error or "was killed; run the study" in error for error in lost)
    again = run_planted(tmp_path, monkeypatch, study, [], "workers")
    assert [row.error for row in again.results.rows] == [None] * 4 * 12


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_node_with_other_code_is_refused_by_name(tmp_path: Path, study: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "harness", other / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "models", other / "models")
    with (other / "harness" / "pipeline" / "rows.py").open("a") as file:
        file.write("# changed\n")
    with two_nodes() as cluster:
        cluster.start({}, {"PYTHONPATH": os.pathsep.join((str(other), str(ROOT)))})
        ran = harness("run", "small.toml", "--on", cluster.client, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = told(ran.stderr)
    assert line.startswith(f"harness: {cluster.client}: ")
    assert " has prune-harness's own files " in line
    assert line.endswith("; install the same on every node")
