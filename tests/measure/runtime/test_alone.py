"""One measurement at a time on a machine: who comes second waits, says for whom, and never for the dead."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import pytest

from harness.base.errors import MeasureError
from harness.base.progress import Progress, Silent
from harness.deploy.gates.looks import Gate
from harness.deploy.gates.measuring import Asked, decided
from harness.measure.latency.profiling import Profiler
from harness.measure.latency.side_by_side import kernels_of
from harness.measure.protocol import measure
from harness.measure.runtime import alone as turns
from harness.measure.runtime.alone import NAME, alone
from harness.spec import MeasureSpec
from tests.onnx_files import cnn

LONGEST_S = 60
BRIEF = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=0.1)
FIRST = """
import sys
from harness.measure.runtime.alone import alone
sys.argv[0] = "/usr/bin/harness"
with alone():
    print("measures", flush=True)
    sys.stdin.readline()
"""


class Told(Silent):
    """Keeps the lines that it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.heard = threading.Event()

    def line(self, text: str, *, lasting: bool = False) -> None:
        assert lasting
        self.lines.append(text)
        self.heard.set()


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test alone."""
    (tmp_path / "locks").mkdir()
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "locks"))
    return tmp_path / "locks"


@contextmanager
def measuring(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that measures, until it is given a line or killed."""
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin is not None
    assert first.stdout is not None
    try:
        assert first.stdout.readline() == "measures\n"
        yield first
    finally:
        first.kill()
        first.wait()
        first.stdin.close()
        first.stdout.close()


def end(first: subprocess.Popen[str]) -> None:
    assert first.stdin is not None
    first.stdin.write("\n")
    first.stdin.flush()


@pytest.mark.parametrize("ending", [end, subprocess.Popen.kill])
def test_the_second_waits_for_the_first_and_says_for_whom(ending: Callable[[subprocess.Popen[str]], None]) -> None:
    """Whether that ends or is killed."""
    told, ended = Told(), threading.Event()
    had_ended: list[bool] = []

    def second() -> None:
        with alone(told):
            had_ended.append(ended.is_set())

    with measuring("run", "small.toml") as first:
        thread = threading.Thread(target=second, daemon=True)
        thread.start()
        assert told.heard.wait(LONGEST_S)
        time.sleep(0.3)  # in which one that does not wait would be there
        ended.set()
        ending(first)
        thread.join(LONGEST_S)
    assert had_ended == [True]
    (line,) = told.lines
    who = rf"process {first.pid} \(harness run small\.toml\), since \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"waits for its turn: another measurement goes on here: {who}", line)


@pytest.mark.parametrize("left", ["", "{", '{"pid": 1, "since_s": 1e99, "what": 3}', "[]"])
def test_what_a_dead_process_left_is_not_waited_for(own: Path, left: str) -> None:
    (own / NAME).write_text(left)
    told = Told()
    for _ in range(2):
        with alone(told):
            pass
    assert told.lines == []


def test_what_is_told_of_the_first_is_one_short_line_of_plain_text() -> None:
    told = Told()
    with measuring("run", "\x1b[31m\n" + 500 * "x") as first:
        thread = threading.Thread(target=lambda: alone(told).__enter__(), daemon=True)
        thread.start()
        assert told.heard.wait(LONGEST_S)
        end(first)
        thread.join(LONGEST_S)
    (line,) = told.lines
    assert line.isprintable()
    assert len(line) < 160


def test_where_there_can_be_no_lock_it_goes_on_and_says_so(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "file").touch()
    monkeypatch.setenv("HARNESS_LOCKS", str(own / "file"))
    told, done = Told(), []
    with alone(told):
        done.append(True)
    assert done
    (line,) = told.lines
    assert line == f"measures without looking whether others do: {own / 'file' / NAME}: file exists"


def test_what_fails_while_it_measures_gives_the_turn_back() -> None:
    with pytest.raises(KeyError), alone():
        raise KeyError("failed")
    told = Told()
    with alone(told):
        pass
    assert told.lines == []


class OneSize:
    """A network that is the same at any widths."""

    def __init__(self, path: Path) -> None:
        self.proto = onnx.load(path)

    def kernel(self, node: onnx.NodeProto, index: int) -> None:
        return None

    def sized(self, widths: object) -> onnx.ModelProto:
        return self.proto


def whole_table(file: Path, progress: Progress) -> None:
    list(Profiler(OneSize(file), (8,), BRIEF, "cpu", file.parent).time([(8,)], progress, fewest=1))


def memory(file: Path, progress: Progress) -> None:
    list(decided([Gate("max_memory_mb", 1e6)], Asked([file], {}, BRIEF, "cpu", 1), progress))


@pytest.mark.parametrize(
    "timed",
    [
        lambda file, progress: measure([file], BRIEF, progress=progress),
        lambda file, progress: kernels_of([file], BRIEF, "cpu", 1, progress),
        whole_table,
        memory,
    ],
)
def test_all_that_measures_takes_its_turn(
    timed: Callable[[Path, Progress], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ends with a line where that does not come."""
    monkeypatch.setattr(turns, "LONGEST_S", 0.1)
    file, told = cnn(tmp_path / "a.onnx"), Told()
    with measuring("measure", "b.onnx") as first:
        with pytest.raises(MeasureError, match=rf"gone on here for more than an hour: process {first.pid} .*; end it"):
            timed(file, told)
        assert len(told.lines) == 1


def test_the_command_line_says_so_once_and_its_answer_is_whole(tmp_path: Path) -> None:
    words = [str(cnn(tmp_path / "a.onnx")), "--budget", "0.1", "--device", "cpu", "--json"]
    with measuring() as first:
        second = subprocess.Popen(
            [sys.executable, "-m", "harness", "measure", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        line = second.stderr.readline()
        end(first)
        out, err = second.communicate(timeout=LONGEST_S)
    assert line.startswith(f"waits for its turn: another measurement goes on here: process {first.pid} (harness), ")
    assert "waits" not in err
    assert (second.returncode, json.loads(out)["schema"]) == (0, "harness-measure/1")
