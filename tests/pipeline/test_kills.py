"""SIGKILL at random moments of a study: who supervises, who steers, a worker or a measuring process, or the whole node.

Of a road whose stages invent what they make, and of the real one. `make sweep-kills`; KILLS says how many of each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.base.test_crash import alive
from tests.pipeline.test_elsewhere import without_seconds

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
LONGEST_S = 1200
ROADS = ("tests.pipeline.planted_run", "harness")
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> Any:
        return json.loads(self.out)["rows"]


class Started:
    """`harness run` in a folder, at work."""

    def __init__(self, road: str, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "small.toml").write_text(STUDY)
        command = [sys.executable, "-m", road, "run", "small.toml", "--json"]
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


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def artifacts(folder: Path) -> dict[str, int]:
    """When each finished artifact was made."""
    return {str(path.parent): path.stat().st_mtime_ns for path in (folder / ".harness").glob("*/*/manifest.json")}


def trainings(found: dict[str, int]) -> set[tuple[str, int]]:
    """Each training that was finished, by its folder and when that was."""
    return {(path, when) for path, when in found.items() if Path(path).parent.name in ("train", "train_on")}


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("road", ROADS)
def test_whatever_is_killed_and_when_nothing_finished_is_lost_or_made_twice(road: str, tmp_path: Path) -> None:
    chance = random.Random(0)
    whole = Started(road, tmp_path / "whole")
    started = time.monotonic()
    wanted = without_seconds(whole.end().rows)
    length_s = time.monotonic() - started
    assert [row["error"] for row in wanted] == [None] * 6
    for number in range(KILLS):
        folder, victim = tmp_path / str(number), VICTIMS[number % len(VICTIMS)]
        running = Started(road, folder)
        time.sleep(chance.uniform(0, length_s))
        there = running.kill(victim, chance)
        first = running.end()
        gone_by = time.monotonic() + LONGEST_S
        while any(alive(pid) for pid in there) and time.monotonic() < gone_by:
            time.sleep(0.05)
        case = f"{number}: {victim}, {first.code}: {first.err[-300:]}"
        assert not any(alive(pid) for pid in there), case
        finished = artifacts(folder)
        last = Started(road, folder).end()
        assert last.code == 0, f"{case}; then {last.err}"
        assert without_seconds(last.rows) == wanted, case
        assert finished.items() <= artifacts(folder).items(), case
        assert len(trainings(finished) | trainings(artifacts(folder))) == 4, case
        assert not list((folder / ".harness").rglob("*.unfinished")), case
