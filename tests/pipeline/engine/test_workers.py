"""Worker processes: warm, renewed, told apart from the run; whatever one dies of costs one job."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import EngineError, LostError, PruneError
from harness.base.progress import Silent
from harness.pipeline.engine.engine import FailedError, Job, StoppedError
from harness.pipeline.engine.workers import Workers
from tests.base.test_crash import alive
from tests.pipeline.engine.sites import DEATHS, Place

Ask = Callable[..., Any]
LONGEST_S = 60


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(Place(), tmp_path, Silent())
    yield made
    made.stop()


def ask(workers: Workers, name: str, *arguments: Any, key: str = "") -> Any:
    return workers.do(Job(name, arguments, key=key or f"{name} {arguments}"), lambda: pytest.fail("not here"))


def test_one_process_does_job_after_job_and_what_it_prints_is_no_answer(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    pids = {ask(workers, "pid", key=str(number)) for number in range(5)}
    assert len(pids) == 1
    assert os.getpid() not in pids
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(("how", "said"), DEATHS.items())
def test_a_death_costs_one_job_which_says_how_and_in_what(
    how: str, said: str, workers: Workers, tmp_path: Path
) -> None:
    """The next is done by another process; what was half-made is gone, and the same job is not tried again."""
    before = ask(workers, "pid")
    half_made = tmp_path / "half"
    with pytest.raises(LostError) as lost:
        ask(workers, "die_in", how, half_made)
    assert said in str(lost.value)
    assert "\n" not in str(lost.value)
    assert not half_made.exists()
    assert not alive(before)
    after = ask(workers, "pid", key="after")
    assert after != before
    with pytest.raises(LostError, match="at 'prune / fine-tune'"):
        ask(workers, "die_in", how, half_made)
    assert ask(workers, "pid", key="still") == after


def test_a_process_that_has_grown_is_renewed(workers: Workers) -> None:
    workers.growth_bytes = 100 << 20
    first = ask(workers, "grow", 1, key="a")
    assert ask(workers, "grow", 20, key="b") == first
    assert ask(workers, "grow", 150, key="c") == first
    assert ask(workers, "grow", 1, key="d") != first
    assert not alive(first)


def test_what_is_raised_comes_back_as_it_was(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PruneError, match=r"^nothing can be pruned$"):
        ask(workers, "refuse")
    with pytest.raises(FailedError) as failed:
        ask(workers, "fail")
    assert str(failed.value) == "KeyError: 'first\\nsecond'"
    logging.getLogger("harness").error("it failed", exc_info=failed.value)
    assert "raise KeyError" in caplog.text, "the traceback is that of the process in which it was raised"


def test_what_it_shows_is_shown_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Any] = []

    class Recorder(Silent):
        @contextmanager
        def task(self, name: str, total: float | None = None) -> Iterator[Any]:
            told.append(("begin", name, total))
            recorder = Recorder()
            recorder.advance = lambda steps=1, note="": told.append((name, steps, note))  # type: ignore[method-assign]
            yield recorder
            told.append(("end", name))

        def line(self, text: str, *, lasting: bool = False) -> None:
            told.append((text, lasting))

    workers = Workers(Place(), tmp_path, Recorder())
    try:
        ask(workers, "work")
    finally:
        workers.stop()
    assert told == [
        ("begin", "outer", 2),
        ("begin", "inner", None),
        ("inner", 1, "deep"),
        ("end", "inner"),
        ("outer", 2, "half"),
        ("end", "outer"),
        ("a line", True),
    ]
    assert "damaged; made again" in caplog.text


def test_each_thread_has_a_process_and_all_end_when_the_run_is_stopped(tmp_path: Path) -> None:
    """At once, whatever they are doing; who waited for them is told that the run stops, not that a row failed."""
    workers = Workers(Place(), tmp_path, Silent(), at_once=2)
    ended: list[BaseException] = []

    def wait(folder: Path) -> None:
        folder.mkdir()
        try:
            ask(workers, "wait_in", folder)
        except BaseException as error:
            ended.append(error)

    folders = [tmp_path / "one", tmp_path / "two"]
    threads = [threading.Thread(target=wait, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    pids = [wait_for(folder / "waits") for folder in folders]
    assert len(set(pids)) == 2
    workers.stop()
    for thread in threads:
        thread.join(LONGEST_S)
    assert [type(error) for error in ended] == [StoppedError] * 2
    assert not any(alive(pid) for pid in pids)
    assert not any((folder / "half").exists() for folder in folders)
    with pytest.raises(StoppedError):
        ask(workers, "pid")


ORPHAN = """
import sys
from pathlib import Path
from harness.base.progress import Silent
from harness.pipeline.engine.engine import Job
from harness.pipeline.engine.workers import Workers
from tests.pipeline.engine.sites import Place
folder = Path(sys.argv[1])
if __name__ == "__main__":
    Workers(Place(), folder, Silent()).do(Job("wait_in", (folder,)), None)
"""


ENDINGS: dict[str, Callable[[int], None]] = {
    "killed": lambda pid: os.kill(pid, signal.SIGKILL),
    "all of its group asked to end": lambda pid: os.killpg(pid, signal.SIGTERM),
    "all of its group killed": lambda pid: os.killpg(pid, signal.SIGKILL),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_worker_does_not_outlive_who_started_it(how: str, tmp_path: Path) -> None:
    """Who started it can't say goodbye, and the worker leaves nothing half-made."""
    started = subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], start_new_session=True)
    worker = wait_for(tmp_path / "waits")
    assert alive(worker)
    ENDINGS[how](started.pid)
    started.wait()
    until = time.monotonic() + LONGEST_S
    while (alive(worker) or (tmp_path / "half").exists()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(worker)
    assert not (tmp_path / "half").exists()


def test_where_none_can_be_started_that_is_one_line(tmp_path: Path) -> None:
    workers = Workers(Place(broken=True), tmp_path, Silent())
    with pytest.raises(EngineError) as refused:
        ask(workers, "pid")
    workers.stop()
    assert str(refused.value) == (
        "a worker process can't be started: it ended with exit code 1: ModuleNotFoundError: No module named "
        "'tensorflew'; mend that, or give --on here"
    )


def wait_for(file: Path) -> int:
    """The number in a file, once it is there."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        if file.exists() and file.read_text():
            return int(file.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{file} never came")
