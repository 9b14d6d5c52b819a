"""A study on a store that fills up, can only be read, or whose clock was moved: it is named, and nothing damaged."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.base.progress import Silent
from harness.base.store import Folder
from harness.base.store.upkeep import contents, verify
from tests.base.store.disks import read_only_disk, small_disk
from tests.pipeline.test_planted import STUDY, made, run_planted

STUDIES = STUDY | {"seeds": [0, 1]}


def test_a_store_that_fills_up_is_named_and_keeps_what_was_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever process met it."""
    with small_disk(tmp_path / "store"):
        with pytest.raises(StoreError) as full:
            run_planted(tmp_path, monkeypatch, STUDIES, [], "workers")
        said = rf"{tmp_path / 'store'}: no space left on device; free some space, or give a folder on another disk"
        assert re.fullmatch(said, str(full.value))
        place = Folder(tmp_path / "store")
        found = contents(place)
        assert found.artifacts
        assert verify(place, found, Silent()) == []
        assert (found.leftovers, found.users) == ((), ())
    assert not (tmp_path / "runs" / "planted").exists()


def test_a_store_that_can_only_be_read_is_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    said = rf"^{tmp_path / 'store'}: read-only file system; give a folder that can be written$"
    with read_only_disk(tmp_path / "store"), pytest.raises(StoreError, match=said):
        run_planted(tmp_path, monkeypatch, STUDIES, [], "workers")
    assert list((tmp_path / "store").iterdir()) == []


def test_where_the_clock_was_moved_back_nothing_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is there seems to be of tomorrow; what is new stands beside it."""
    first = run_planted(tmp_path, monkeypatch, STUDIES, [], "workers")
    later = time.time() + 86400
    for path in (tmp_path / "store").rglob("*"):
        os.utime(path, (later, later))
    before = made(tmp_path)
    again = run_planted(tmp_path, monkeypatch, STUDIES, [], "workers")
    assert made(tmp_path) == before
    assert again.results.rows == first.results.rows
    more = run_planted(tmp_path, monkeypatch, STUDIES | {"seeds": [0, 1, 2]}, [], "workers")
    assert [row.error for row in more.results.rows] == [None] * 12
    assert before.items() < made(tmp_path).items()
