"""Several models side by side, timed whole and node by node. Needs onnxruntime and NumPy only.

The whole is timed as the protocol does it: blocks of all models in random order, so that what a process is given by
luck is the same for all. The nodes' times are those of onnxruntime's profiler, in sessions of their own, in turn.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.measure.runtime.runs import Plan, end_to_end, make_feed
from harness.measure.runtime.session import SessionSettings, open_session
from harness.measure.runtime.timing import calls_per_block, clock, time_block, usual, warm_up

SUFFIX = "_kernel_time"
UNDISTURBED = 0.9
FEWEST_RUNS = 3


def profile(job: Mapping[str, Any], settings: SessionSettings, alive: Callable[[], None]) -> dict[str, Any]:
    """Time the job's models at its batch; `alive` is called now and then, so that nobody thinks that this hangs.

    Returns:
        `blocks_ns`: for each model, the median call of each round's block; `cpu_ns`, a call's mean CPU time in it; and
        `shares`, in how much of it this thread had a core. `nodes`: for each model, its kernels in the order in which
        they ran, as [name, operator, microseconds], the mean of the middle half of the runs in which this thread kept
        its core.
    """
    feeds = [make_feed(_plan(job, model)) for model in job["models"]]
    sessions = [open_session(model["path"], settings) for model in job["models"]]
    runs = [end_to_end(session, [feed]) for session, feed in zip(sessions, feeds, strict=True)]
    calls = []
    for run in runs:
        alive()
        start = clock()
        run()
        times, _ = warm_up(run, job["warmup_ns"], clock() - start)
        calls.append(calls_per_block(usual(times), job["block_ns"]))
    rng = np.random.default_rng(job["seed"])
    blocks: list[list[float]] = [[] for _ in runs]
    shares: list[list[float]] = [[] for _ in runs]
    cpu_ns: list[list[float]] = [[] for _ in runs]
    for _ in _rounds(job):
        alive()
        for index in rng.permutation(len(runs)):
            wall, cpu = clock(), time.thread_time_ns()
            blocks[index].append(float(np.median(time_block(runs[index], calls[index]))))
            shares[index].append(_share(wall, cpu))
            cpu_ns[index].append((time.thread_time_ns() - cpu) / (calls[index] + 1))
    del runs, sessions
    return {
        "blocks_ns": blocks,
        "cpu_ns": cpu_ns,
        "shares": shares,
        "nodes": _nodes(job, settings, feeds, calls, alive),
    }


def _share(wall: int, cpu: int) -> float:
    """In how much of the time since these readings this thread had a core."""
    return (time.thread_time_ns() - cpu) / max(1, clock() - wall)


def _plan(job: Mapping[str, Any], model: Mapping[str, Any]) -> Plan:
    names, dtypes = model["names"], model.get("dtypes", ())
    return Plan(model["path"], names, job["inputs"], job["batch"], "end_to_end", job["seed"], 1, dtypes)


def _rounds(job: Mapping[str, Any]) -> Any:
    """Rounds until the time for them is spent, but not fewer or more than asked for."""
    fewest, most = job["rounds"]
    end = clock() + job["rounds_ns"]
    for number in range(most):
        if number >= fewest and clock() > end:
            return
        yield number


def _nodes(
    job: Mapping[str, Any], settings: SessionSettings, feeds: list[Any], calls: list[int], alive: Callable[[], None]
) -> list[list[list[Any]]]:
    rng = np.random.default_rng(job["seed"])
    with tempfile.TemporaryDirectory() as folder:
        sessions = [
            open_session(model["path"], settings, profile=str(Path(folder) / f"{index}"))
            for index, model in enumerate(job["models"])
        ]
        shares: list[list[float]] = [[] for _ in sessions]
        for _ in _rounds(job):
            alive()
            for index in rng.permutation(len(sessions)):
                for _ in range(calls[index]):
                    wall, cpu = clock(), time.thread_time_ns()
                    sessions[index].run(None, feeds[index])
                    shares[index].append(_share(wall, cpu))
        events = [json.loads(Path(session.end_profiling()).read_text()) for session in sessions]
    kept = [undisturbed(each) if job["one_thread"] else list(range(len(each))) for each in shares]
    return [_kernels(each, runs) for each, runs in zip(events, kept, strict=True)]


def undisturbed(shares: list[float]) -> list[int]:
    """The runs in which the thread kept its core; the better half where there are too few of those."""
    good = [index for index, share in enumerate(shares) if share >= UNDISTURBED]
    enough = max(FEWEST_RUNS, len(shares) // 4)
    best = sorted(range(len(shares)), key=lambda index: -shares[index])
    return good if len(good) >= enough else sorted(best[: max(FEWEST_RUNS, len(shares) // 2)])


def _kernels(events: list[dict[str, Any]], runs: list[int]) -> list[list[Any]]:
    """Each kernel's usual time in some of the runs, in the order in which they ran first."""
    times: dict[str, list[int]] = {}
    operators: dict[str, str] = {}
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith(SUFFIX):
            name = event["name"].removesuffix(SUFFIX)
            times.setdefault(name, []).append(event["dur"])
            operators[name] = event["args"]["op_name"]
    whole = max(map(len, times.values()), default=0)
    return [
        [name, operators[name], middle_mean([each[run] for run in runs] if len(each) == whole else each)]
        for name, each in times.items()
    ]


def middle_mean(times: list[int]) -> float:
    """The mean of the middle half: the profiler counts whole microseconds, of which a median would be one."""
    ordered = np.sort(np.asarray(times, np.float64))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())
