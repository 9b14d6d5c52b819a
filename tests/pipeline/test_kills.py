"""SIGKILL in the middle of a study: who supervises, who steers, a worker or a measuring process, or the whole node.

In each stage, at a random moment of it. Of a road whose stages invent what they make, by workers and over Ray, where
Ray's own processes are among those that are killed; and of the real one. `make sweep-kills`: KILLS says how many of
each, KILLS_LOG where each that went well is noted, so that a sweep that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.base.progress import Silent
from harness.base.store import Folder
from harness.base.store.upkeep import contents, verify
from tests.base.test_crash import alive
from tests.pipeline.test_elsewhere import without_seconds, words

KILLS = int(os.environ.get("KILLS", "50"))
STUDY = """
name = "small"
seeds = [0, 1]
data.limit = 200
train = {epochs = 1, batch_size = 32}
measure = {batch_sizes = [1], budget_s = 1, device = "cpu"}

[[networks]]
model = "single_conv"
options.filters = 4
prune = [{ratio = 0.5, finetune_epochs = 1}]
"""
VICTIMS = ("supervisor", "driver", "worker", "node")
STAGES = ("train", "train_on", "prune", "export", "accuracy", "measure")
LONGEST_S = 1200
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@dataclass(frozen=True)
class Road:
    """What is run; which stages it has, how many seconds one takes about, and where it is done."""

    module: str
    stages: tuple[str, ...]
    stage_s: float
    on: str = "workers"

    @property
    def name(self) -> str:
        """As it stands in a log."""
        return self.module if self.on == "workers" else f"{self.module} --on {self.on}"


INVENTED = Road("tests.pipeline.planted_run", STAGES[:-1], 0.15)
OVER_RAY = replace(INVENTED, on="ray")
REAL = Road("harness", STAGES, 1.0)


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> Any:
        return json.loads(self.out)["rows"]

    @property
    def unmeasured(self) -> list[str]:
        """Why latencies are missing."""
        rows = [row for each in json.loads(self.out)["measurements"] for row in each["rows"]]
        return [row["error"] for row in rows if row["error"] is not None]


class Started:
    """`harness run` in a folder, at work."""

    def __init__(self, road: Road, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.store = folder / ".harness"
        (folder / "small.toml").write_text(STUDY)
        command = [sys.executable, "-m", road.module, "run", "small.toml", "--json", "--on", road.on]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=ENVIRONMENT
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr.readline()

    def family(self) -> list[psutil.Process]:
        """It, its child that does the work, and the processes of that."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait_for(self, stage: str, after: int) -> bool:
        """Wait until a stage is being made for which so many artifacts are there already; False where it ended."""
        while self.process.poll() is None:
            finished = len(list((self.store / stage).glob("*/manifest.json")))
            if finished >= after and any((self.store / stage).glob("*.unfinished")):
                return True
            time.sleep(0.005)
        return False

    def kill(self, victim: str, chance: random.Random) -> list[int]:
        """Kill what is asked for, where it is there; the processes that were there."""
        family = self.family()
        driver = family[1:2]
        below = [each for each in family[2:] if "resource_tracker" not in " ".join(words(each))]
        struck = {"supervisor": family[:1], "driver": driver, "worker": chance.sample(below, min(1, len(below)))}
        for process in struck.get(victim, family):
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        return [each.pid for each in family]

    def end(self) -> Ended:
        out, err = self.process.communicate(timeout=LONGEST_S)
        return Ended(self.process.returncode, out, self.said + err)


def artifacts(folder: Path) -> dict[str, int]:
    """When each finished artifact was made."""
    return {str(path.parent): path.stat().st_mtime_ns for path in (folder / ".harness").glob("*/*/manifest.json")}


def trainings(found: dict[str, int]) -> set[tuple[str, int]]:
    """Each training that was finished, by its folder and when that was."""
    return {(path, when) for path, when in found.items() if Path(path).parent.name in ("train", "train_on")}


@dataclass(frozen=True)
class Log:
    """The kills of a road that went well, a line each in a file, whichever sweep they are of."""

    path: Path
    road: Road

    def numbers(self) -> set[int]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        noted = [json.loads(line) for line in lines]
        return {each["kill"] for each in noted if each["road"] == self.road.name}

    def note(self, number: int, **told: object) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps({"road": self.road.name, "kill": number, **told}) + "\n")


def left(log: Log) -> Iterator[tuple[int, str, str]]:
    """The kills to come: their numbers, victims and stages, every pair of these in turn."""
    for number in sorted(set(range(KILLS)) - log.numbers()):
        stages = log.road.stages
        yield number, VICTIMS[number % len(VICTIMS)], stages[number // len(VICTIMS) % len(stages)]


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("road", [INVENTED, OVER_RAY, REAL], ids=["invented", "ray", "real"])
def test_whatever_is_killed_and_when_nothing_finished_is_lost_or_made_twice(road: Road, tmp_path: Path) -> None:
    if road.on == "ray":
        pytest.importorskip("ray", reason="needs the development packages: ray[client]")
    log = Log(Path(os.environ.get("KILLS_LOG", tmp_path / "kills.jsonl")), road)
    wanted = without_seconds(Started(road, tmp_path / "whole").end().rows)
    assert [row["error"] for row in wanted] == [None] * 6
    for number, victim, stage in left(log):
        struck = kill_and_go_on(road, tmp_path / str(number), (victim, stage), random.Random(number), wanted)
        log.note(number, victim=victim, stage=stage if struck else None)
    assert log.numbers() >= set(range(KILLS))


def kill_and_go_on(
    road: Road, folder: Path, what: tuple[str, str], chance: random.Random, wanted: list[dict[str, Any]]
) -> bool:
    """Kill a victim in a stage, run again, and look at what came of it; whether the run had not ended before."""
    victim, stage = what
    running = Started(road, folder)
    struck = running.wait_for(stage, after=chance.randrange(2) if stage != "measure" else 0)
    time.sleep(chance.uniform(0, road.stage_s) if struck else 0)
    there = running.kill(victim, chance)
    first = running.end()
    gone_by = time.monotonic() + LONGEST_S
    while any(alive(pid) for pid in there) and time.monotonic() < gone_by:
        time.sleep(0.05)
    case = f"{folder.name}: {victim} in {stage}, {first.code}: {first.err[-300:]}"
    assert not any(alive(pid) for pid in there), case
    finished = artifacts(folder)
    last = Started(road, folder).end()
    assert last.code == 0, f"{case}; then {last.err}"
    assert without_seconds(last.rows) == wanted, case
    assert last.unmeasured == [], case
    assert finished.items() <= artifacts(folder).items(), case
    assert len(trainings(finished) | trainings(artifacts(folder))) == 4, case
    assert not list((folder / ".harness").rglob("*.unfinished*")), case
    place = Folder(folder / ".harness")
    assert verify(place, contents(place), Silent()) == [], case
    return struck


def test_a_sweep_that_was_stopped_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And every victim is killed in every stage, whichever road it is."""
    monkeypatch.setitem(globals(), "KILLS", 30)
    log = Log(tmp_path / "runs" / "kills.jsonl", REAL)
    every = list(left(log))
    assert {each[1:] for each in every} == {(victim, stage) for victim in VICTIMS for stage in STAGES}
    for number, victim, stage in every[:20]:
        log.note(number, victim=victim, stage=stage)
    Log(log.path, INVENTED).note(25)
    assert [number for number, _, _ in left(log)] == list(range(20, 30))
