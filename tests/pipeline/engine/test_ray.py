"""Ray's nodes as an engine: the same worker in their processes, told, renewed and lost as on one machine."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import EngineError, LostError, PruneError
from harness.base.progress import Silent
from harness.pipeline.engine import ray_cluster
from harness.pipeline.engine.engine import FailedError, Job, StoppedError
from harness.pipeline.engine.ray_cluster import LOCAL, Node, connected, differing
from harness.pipeline.engine.ray_engine import RayEngine
from harness.pipeline.engine.workers import Workers
from tests.base.test_crash import alive
from tests.pipeline.engine.sites import DEATHS, Place
from tests.pipeline.engine.test_workers import LONGEST_S, wait_for
from tests.rays import end  # noqa: F401 - which settles how Ray knows us, before it is imported

pytest.importorskip("ray", reason="needs the development packages: ray[client]")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Node, ...]]:
    """One node with room for two jobs at once, whatever the machine has."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_cluster, "usable_cpus", lambda: 4)
        with connected(LOCAL, folder) as found:
            yield tuple(replace(node, cpus=4.0) for node in found)
    shutil.rmtree(folder, ignore_errors=True)


class Recorder(Silent):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []

    def line(self, text: str, *, lasting: bool = False) -> None:
        self.lines.append((text, lasting))


def engine_of(nodes: tuple[Node, ...], folder: Path, progress: Silent | None = None) -> RayEngine:
    shown = progress or Silent()
    return RayEngine(nodes, Place(), Workers(Place(), folder, shown), folder, shown, shares_disk=True)


@pytest.fixture
def engine(nodes: tuple[Node, ...], tmp_path: Path) -> Iterator[RayEngine]:
    made = engine_of(nodes, tmp_path)
    yield made
    made.stop()


def ask(engine: RayEngine, name: str, *arguments: Any, key: str = "") -> Any:
    return engine.do(Job(name, arguments, key=key or f"{name} {arguments}"), lambda: pytest.fail("not here"))


def test_one_process_does_job_after_job(engine: RayEngine, capfd: pytest.CaptureFixture[str]) -> None:
    pids = {ask(engine, "pid", key=str(number)) for number in range(5)}
    assert len(pids) == 1
    assert os.getpid() not in pids
    assert not ask(engine, "imported", "ray"), "it costs a second and a hundred megabytes"
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(("how", "said"), DEATHS.items())
def test_a_death_costs_one_job_which_says_how_and_in_what(
    how: str, said: str, engine: RayEngine, tmp_path: Path
) -> None:
    """The next is done by another process; what was half-made is gone, and the same job is not tried again."""
    before = ask(engine, "pid")
    half_made = tmp_path / "half"
    with pytest.raises(LostError) as lost:
        ask(engine, "die_in", how, half_made)
    assert said in str(lost.value)
    assert "\n" not in str(lost.value)
    assert not half_made.exists()
    assert not alive(before)
    assert ask(engine, "pid", key="after") != before
    with pytest.raises(LostError, match="at 'prune / fine-tune'"):
        ask(engine, "die_in", how, half_made)


def test_ray_s_own_process_that_is_killed_costs_one_job_too(engine: RayEngine) -> None:
    before = ask(engine, "pid")
    with pytest.raises(LostError, match=r"^Ray's process on .* was killed; run the study again for this row$"):
        ask(engine, "kill_starter")
    assert ask(engine, "pid", key="after") != before


def test_what_is_raised_comes_back_as_it_was(engine: RayEngine, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PruneError, match=r"^nothing can be pruned$"):
        ask(engine, "refuse")
    with pytest.raises(FailedError) as failed:
        ask(engine, "fail")
    assert str(failed.value) == "KeyError: 'first\\nsecond'"
    logging.getLogger("harness").error("it failed", exc_info=failed.value)
    assert "raise KeyError" in caplog.text, "the traceback is that of the process in which it was raised"


def test_what_is_to_stay_of_what_it_shows_is_shown_here(
    nodes: tuple[Node, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    engine = engine_of(nodes, tmp_path, recorder)
    ask(engine, "work")
    engine.stop()
    assert recorder.lines == [("a line", True)]
    assert "damaged; made again" in caplog.text


def test_it_computes_as_this_process_would(
    nodes: tuple[Node, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray sets OMP_NUM_THREADS for its processes, and last digits may follow it."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "5")
    engine = engine_of(nodes, tmp_path)
    assert ask(engine, "setting", "OMP_NUM_THREADS") is None
    assert ask(engine, "setting", "TF_NUM_INTRAOP_THREADS") == "5"
    engine.stop()


def test_jobs_are_side_by_side_and_what_measures_has_nothing_of_ours_beside_it(
    engine: RayEngine, tmp_path: Path
) -> None:
    assert engine.at_once == 2
    beside: list[str] = []
    failed: list[BaseException] = []

    def work(name: str, other: str) -> None:
        try:
            for round_ in range(3):
                ask(engine, "meet", tmp_path, f"{name}{round_}", f"{other}{round_}")
                beside.extend(ask(engine, "widths", tmp_path, key=f"{name} {round_}"))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST_S)
    assert failed == []
    assert beside == []


def test_where_this_machine_is_no_node_it_measures_all_the_same(nodes: tuple[Node, ...], tmp_path: Path) -> None:
    """In a worker of its own, not on a node that is another machine."""
    engine = engine_of(tuple(replace(node, machine="elsewhere") for node in nodes), tmp_path)
    assert ask(engine, "widths", tmp_path) == []
    assert len(engine._beside._workers) == 1
    ask(engine, "pid")
    assert len(engine._beside._workers) == 1
    engine.stop()


def test_all_end_when_the_run_is_stopped(nodes: tuple[Node, ...], tmp_path: Path) -> None:
    engine = engine_of(nodes, tmp_path)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            ask(engine, "wait_in", tmp_path)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    pid = wait_for(tmp_path / "waits")
    engine.stop()
    thread.join(LONGEST_S)
    assert [type(error) for error in ended] == [StoppedError]
    gone = threading.Event()
    for _ in range(600):
        if not alive(pid) and not (tmp_path / "half").exists():
            break
        gone.wait(0.1)
    assert not alive(pid)
    assert not (tmp_path / "half").exists()
    with pytest.raises(StoppedError):
        ask(engine, "pid")


def test_a_worker_that_can_t_start_ends_the_run(nodes: tuple[Node, ...], tmp_path: Path) -> None:
    broken = Place(broken=True)
    engine = RayEngine(nodes, broken, Workers(broken, tmp_path, Silent()), tmp_path, Silent(), shares_disk=True)
    with pytest.raises(EngineError, match=r"a worker process can't be started: .*No module named 'tensorflew'"):
        ask(engine, "pid")
    engine.stop()


def node(cpus: float, gpus: float = 0.0, gigabytes: float = 64) -> Node:
    return Node("id", "machine", cpus, gpus, gigabytes * 2**30)


def test_how_many_jobs_a_node_has_room_for() -> None:
    """By CPUs, memory, and GPUs where they need one; a node without a CPU takes none, a small one takes one."""
    assert node(0).at_once(on_gpu=False) == 0
    assert node(1, gigabytes=1).at_once(on_gpu=False) == 1
    assert node(8).at_once(on_gpu=False) == 4
    assert node(8, gigabytes=5).at_once(on_gpu=False) == 2
    assert node(8, gpus=1).at_once(on_gpu=True) == 1


def test_what_differs_is_named() -> None:
    assert differing({"keras": "3.15"}, {"keras": "3.15"}) is None
    ours, theirs = {"keras": "3.15", "python": "3.11.2"}, {"keras": "3.15", "python": "3.12.1"}
    assert differing(ours, theirs) == "python 3.12.1, where this process has 3.11.2"
    assert differing({"onnx": "1.20"}, {"onnx": None}) == "onnx none, where this process has 1.20"
