"""The measuring process: `python -m harness.measure.runtime.worker`. Needs onnxruntime and NumPy only.

It reads one job as a line of JSON on stdin and writes lines of JSON on stdout: `{"at": ...}` before each step, so
that whoever waits knows what hung or crashed, and `{"done": ...}` at the end. When stdin closes, the process that
asked is gone, and this one ends.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from harness.measure.runtime.placement import observe
from harness.measure.runtime.profiled import profile
from harness.measure.runtime.runs import Plan, Run, make_feed, make_run
from harness.measure.runtime.session import (
    CUDA,
    SessionSettings,
    load_runtime,
    open_session,
    preload_cuda_libraries,
    reason,
    share_threads,
)
from harness.measure.runtime.timing import calls_per_block, clock, time_block, usual, warm_up
from harness.measure.runtime.words import WORKER

Message = dict[str, Any]
OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate memory", "out of memory")  # as runtimes say it
CUDA_RUNTIMES = ("libcudart.so.13", "libcudart.so.12", "cudart64_13.dll", "cudart64_12.dll")


@dataclass
class Row:
    """One model at one batch size in one mode: what to run, and what was seen (times in nanoseconds)."""

    model: int
    batch: int
    mode: str
    run: Run | None = None
    first_ns: int = 0
    warmup_ns: list[int] = field(default_factory=list)
    settled: bool = False
    blocks_ns: list[list[int]] = field(default_factory=list)
    cpu_shares: list[float] = field(default_factory=list)
    error: str | None = None

    @property
    def name(self) -> Message:
        """Which row this is, as the answer says it."""
        return {"model": self.model, "batch": self.batch, "mode": self.mode}

    def found(self) -> Message:
        """What this row saw, or why it failed, as the answer says it."""
        if self.error is not None:
            return self.name | {"error": self.error}
        return self.name | {
            "first_ns": self.first_ns,
            "warmup_ns": self.warmup_ns,
            "settled": self.settled,
            "blocks_ns": self.blocks_ns,
            "cpu_shares": self.cpu_shares if fine_cpu_clock() else None,
        }


class Worker:
    """One job, and the line on which its answers go out."""

    def __init__(self, job: Message, answers: TextIO) -> None:
        self.job, self.answers = job, answers
        self.settings = SessionSettings(**job["settings"])
        self.rng = np.random.default_rng(job["seed"])
        self.rows = [
            Row(index, batch, mode)
            for index, model in enumerate(job["models"])
            for batch, mode in model.get("rows", ())
        ]

    def say(self, message: Message) -> None:
        """Write one line of JSON to whoever asked."""
        self.answers.write(json.dumps(message) + "\n")
        self.answers.flush()

    def measure(self) -> Message:
        """Hold all models at once and time them in rounds: see docs/measuring.md."""
        self.settings = share_threads(self.settings)
        order = [int(index) for index in self.rng.permutation(len(self.job["models"]))]
        startup_ns = self.start_up(order[0])
        sessions = {index: self.open(index) for index in order}
        for index in order:
            session = sessions[index]
            for row in self.rows:
                if row.model == index:
                    self.prepare(row, session)
        gc.collect()
        gc.disable()
        self.time_rounds()
        return {
            "startup_ns": startup_ns,
            "session_ns": {index: session[1] for index, session in sessions.items()},
            "rows": [row.found() for row in self.rows],
        }

    def start_up(self, index: int) -> int:
        """Create and drop a session, so that no model's creation time includes the runtime's own start."""
        self.say({"at": "start-up", "model": index})
        start = clock()
        self.open(index)
        return clock() - start

    def open(self, index: int) -> tuple[Any, int, str | None]:
        """A model's session, its creation time, and the error where there is no session."""
        self.say({"at": "session", "model": index})
        start = clock()
        try:
            return open_session(self.job["models"][index]["path"], self.settings), clock() - start, None
        except Exception as error:  # whatever onnxruntime raises makes this model's rows invalid, no other's
            return None, 0, why(error)

    def prepare(self, row: Row, opened: tuple[Any, int, str | None]) -> None:
        """The first run and the warm-up of a row."""
        session, _, row.error = opened
        if session is None:
            return
        self.say({"at": "first run"} | row.name)
        try:
            row.run = make_run(session, self.plan(row), self.settings)
            start = clock()
            row.run()
            row.first_ns = clock() - start
            self.say({"at": "warm-up"} | row.name)
            row.warmup_ns, row.settled = warm_up(row.run, self.job["warmup_ns"], row.first_ns)
        except Exception as error:  # as above: the runtime's error belongs to this row
            row.error = why(error)

    def plan(self, row: Row) -> Plan:
        """How the model of a row is run."""
        model = self.job["models"][row.model]
        return Plan(
            path=model["path"],
            names=model["names"],
            inputs=self.job["inputs"],
            batch=row.batch,
            mode=row.mode,
            seed=self.job["seed"],
            copies=self.job["copies"],
            dtypes=model.get("dtypes", ()),
        )

    def time_rounds(self) -> None:
        """Rounds until the launch's time is spent, but not fewer or more than asked for."""
        fewest, most = self.job["rounds"]
        end = clock() + self.job["rounds_ns"]
        for number in range(most):
            if number >= fewest and clock() > end:
                break
            self.time_round(number)

    def time_round(self, number: int) -> None:
        """Time a block of every row, in random order. `announce` names each row before, where a crash is feared."""
        self.say({"at": "round", "round": number})
        for position in self.rng.permutation(len(self.rows)):
            row = self.rows[position]
            if row.error is None:
                if self.job["announce"]:
                    self.say({"at": "block"} | row.name)
                self.time_row(row)

    def time_row(self, row: Row) -> None:
        """Time one block of a row, and the share of that time in which this thread had a core."""
        if row.run is None:
            raise AssertionError("a row without an error was prepared")
        calls = calls_per_block(usual(row.warmup_ns), self.job["block_ns"])
        wall, cpu = clock(), time.thread_time_ns()
        try:
            row.blocks_ns.append(time_block(row.run, calls))
        except Exception as error:  # as above
            row.error = why(error)
        row.cpu_shares.append(round((time.thread_time_ns() - cpu) / max(1, clock() - wall), 3))

    def answer(self) -> Message:
        """What one model makes of given inputs, at once: an array an output, in order, into the file `answers`."""
        load_runtime()
        opened = self.open(0)
        session, _, load_error = opened
        if session is None:
            return {"load_error": load_error}
        if self.settings.device == "cuda" and CUDA not in session.get_providers():
            self.settings = replace(self.settings, device="cpu")
        self.say({"at": "run", "model": 0})
        feed = make_feed(self.plan(self.rows[0]))
        try:
            found = session.run(None, feed)
        except Exception as error:  # as above
            return {"run_error": why(error)}
        arrays = [np.asarray(each) for each in found]
        if any(array.dtype == object for array in arrays):
            return {"run_error": "it gives text, lists or maps, which are no arrays of numbers"}
        np.savez(self.job["answers"], *arrays)
        self.say({"at": "placement", "model": 0})
        return {"placement": observe(session, self.job["models"][0]["path"], feed, self.settings)}

    def profile(self) -> Message:
        """Time models side by side, whole and node by node: see profiled.py."""
        self.settings = share_threads(self.settings)
        try:
            return profile(self.job, self.settings, lambda: self.say({"at": "profile"}))
        except Exception as error:  # whatever onnxruntime raises
            return {"error": why(error)}

    def probe(self) -> Message:
        """One model alone in a fresh process: where it runs, its memory, and a first idea of its latency."""
        load_runtime()
        before, gpu_before = memory_bytes(), gpu_bytes() if self.settings.device == "cuda" else None
        opened = self.open(0)
        session, _, load_error = opened
        if session is None:
            return {"load_error": load_error}
        if CUDA not in session.get_providers():  # it was listed as available, and does not run
            self.settings = replace(self.settings, device="cpu")
        rows = []
        for row in self.rows:
            self.prepare(row, opened)
            found = {"error": row.error} if row.error else {"usual_ns": usual(row.warmup_ns)}
            rows.append(row.name | found | {"peak_bytes": memory_bytes(), "gpu_bytes": gpu_growth(gpu_before)})
        self.say({"at": "placement", "model": 0})
        answer = {
            "rows": rows,
            "runtime_bytes": before,
            "provider_options": session.get_provider_options().get(CUDA, {}),
        }
        able = [row for row in self.rows if row.error is None]
        if able:
            feed = make_feed(self.plan(able[0]))
            model = self.job["models"][0]
            answer["placement"] = observe(session, model["path"], feed, self.settings, model.get("optimized"))
        return answer


def why(error: Exception) -> str:
    """Why there is no answer, on one line; where it is too little memory, another process may have enough."""
    said = reason(error)
    if isinstance(error, MemoryError) or any(words in said.lower() for words in OUT_OF_MEMORY):
        return f"{WORKER} ran out of memory ({said}); free some, or measure smaller batches or fewer models"
    return said


def fine_cpu_clock() -> bool:
    """Whether a thread's CPU time is counted finely enough to say something of a single block."""
    return time.get_clock_info("thread_time").resolution <= 1e-6


def memory_bytes() -> int | None:
    """The peak resident memory of this process; None where Linux's /proc is missing.

    Not `getrusage`, where a child starts with the peak of the process that started it.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), None)


def gpu_bytes() -> int | None:
    """The memory in use on the GPU, by whatever process; None where CUDA's runtime library is not there."""
    preload_cuda_libraries()
    for name in CUDA_RUNTIMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if library.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total)) == 0:
            return total.value - free.value
    return None


def gpu_growth(before: int | None) -> int | None:
    """How much more of the GPU's memory is in use than before: what a model holds there, its workspace included."""
    now = None if before is None else gpu_bytes()
    return None if now is None or before is None else max(0, now - before)


def end_with_parent() -> None:
    """End this process when stdin closes."""

    def watch() -> None:
        sys.stdin.read()
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do one job. What libraries print on stdout goes to stderr, so that it can't get between the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    job = json.loads(sys.stdin.readline())
    end_with_parent()
    worker = Worker(job, answers)
    tasks = {"measure": worker.measure, "probe": worker.probe, "answer": worker.answer, "profile": worker.profile}
    worker.say({"done": tasks[job["task"]]()})
    os._exit(0)


if __name__ == "__main__":
    main()
