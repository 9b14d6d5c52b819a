"""Two runs on one store at once: both end with the same results, nothing is damaged, and no training is done twice."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from harness.base.progress import Silent
from harness.base.store import Artifact, Folder
from harness.base.store.making import said_to_be_making
from harness.base.store.upkeep import contents, verify
from tests.pipeline.test_elsewhere import without_seconds
from tests.pipeline.test_kills import INVENTED, REAL, Road, Started, artifacts, trainings
from tests.pipeline.test_planted import STUDY as PLANTED
from tests.pipeline.test_planted import run_planted


@pytest.mark.parametrize("road", [INVENTED, pytest.param(REAL, marks=pytest.mark.slow)], ids=["invented", "real"])
def test_both_end_with_the_same_results(road: Road, tmp_path: Path) -> None:
    """The same study, started twice in the same folder, whose run they both write in the end."""
    both = [Started(road, tmp_path) for _ in range(2)]
    ended = [each.end() for each in both]
    assert [each.code for each in ended] == [0, 0], ended[0].err + ended[1].err
    first, second = (without_seconds(each.rows) for each in ended)
    assert first == second
    assert [row["error"] for row in first] == [None] * 6
    assert len(trainings(artifacts(tmp_path))) == 4
    place = Folder(tmp_path / ".harness")
    found = contents(place)
    assert verify(place, found, Silent()) == []
    assert (found.leftovers, found.users, len(found.studies)) == ((), (), 1)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["small"]
    assert without_seconds(json.loads((tmp_path / "runs" / "small" / "results.json").read_text())["rows"]) == first


class Letting(Silent):
    """Lets go of a lock once somebody says that it waits."""

    def __init__(self, lock: FileLock) -> None:
        self.lock, self.waits = lock, list[str]()

    def line(self, text: str, *, lasting: bool = False) -> None:
        if "waits for" in text:
            assert lasting, "it is to stay where tasks are drawn"
            self.waits.append(text)
            self.lock.release()


def test_a_run_that_waits_for_another_says_for_what_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its worker process, about the case that waits; once."""
    study = PLANTED | {"seeds": [0]}
    run_planted(tmp_path, monkeypatch, study, [], "workers")
    (trained,) = (path for path in (tmp_path / "store" / "train").iterdir() if path.is_dir())
    shutil.rmtree(trained)
    lock = FileLock(trained.with_suffix(".lock"), thread_local=False)
    heard = Letting(lock)
    with said_to_be_making(Artifact(trained.name, trained), "another"):
        lock.acquire()
        done = run_planted(tmp_path, monkeypatch, study, [], "workers", heard)
    assert heard.waits == [
        f"single_conv seed=0: waits for train/{trained.name}, which process {os.getpid()} makes for the study another"
    ]
    assert [row.error for row in done.results.rows] == [None] * 4
