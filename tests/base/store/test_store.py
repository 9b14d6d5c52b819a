"""The store: equal inputs find what was made; nothing is half-written; damage is noticed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from filelock import FileLock

from harness.base.errors import StoreError
from harness.base.store import Store, digest, disk_errors, replaced_folder
from harness.base.store import store as stores
from tests.base.store.disks import read_only_disk, small_disk, small_files
from tests.base.store.making import INPUTS, never, text_of, writer


def test_the_same_inputs_are_made_once_and_others_anew(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), list[str]()
    first = store.get("train", INPUTS, writer("a", calls))
    again = store.get("train", {"options": {"padding": "same"}, "seed": 1}, writer("b", calls))
    other = store.get("train", INPUTS | {"seed": 2}, writer("c", calls))
    assert first == again
    assert calls == ["a", "c"]
    assert again.path("value.txt").read_text() == "a"
    assert other.key != first.key


def test_a_stage_that_fails_leaves_nothing_and_runs_again(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), list[str]()

    def fail(folder: Path) -> None:
        (folder / "value.txt").write_text("half")
        raise ValueError("stopped in the middle")

    with pytest.raises(ValueError, match="stopped in the middle"):
        store.get("train", INPUTS, fail)
    assert store.find("train", INPUTS) is None
    assert [path for path in (tmp_path / "train").iterdir() if path.is_dir()] == []
    assert store.get("train", INPUTS, writer("whole", calls)).path("value.txt").read_text() == "whole"


@pytest.mark.parametrize("damage", ["changed", "missing", "manifest"])
def test_a_damaged_artifact_is_noticed_and_made_again(tmp_path: Path, damage: str) -> None:
    notices, calls = list[str](), list[str]()
    store = Store(tmp_path, notices.append)
    artifact = store.get("train", INPUTS, writer("a", calls))
    if damage == "changed":
        artifact.path("value.txt").write_text("b")
    elif damage == "missing":
        artifact.path("value.txt").unlink()
    else:
        artifact.path("manifest.json").write_text("{")
    assert store.get("train", INPUTS, writer("a", calls)).path("value.txt").read_text() == "a"
    assert calls == ["a", "a"]
    assert len(notices) == 1
    assert "made again" in notices[0]


def test_a_leftover_of_a_killed_run_is_no_artifact(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), list[str]()
    artifact = store.get("train", INPUTS, writer("a", calls))
    artifact.folder.rename(artifact.folder.with_suffix(".unfinished"))
    assert store.find("train", INPUTS) is None
    assert store.get("train", INPUTS, writer("b", calls)).path("value.txt").read_text() == "b"


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    calls = list[str]()
    gate = threading.Barrier(2)

    def work() -> None:
        gate.wait()
        Store(tmp_path).get("train", INPUTS, writer("a", calls))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["a"]


@pytest.mark.parametrize("study", ["small", ""])
def test_who_waits_is_told_once_for_what_and_who_makes_it(
    tmp_path: Path, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "TOLD_AFTER_S", 0.05)
    begun, told, ended = threading.Event(), threading.Event(), list[str]()

    def slowly(folder: Path) -> None:
        begun.set()
        assert told.wait(60)
        (folder / "value.txt").write_text("a")

    def heard(line: str) -> None:
        ended.append(line)
        told.set()

    maker = Store(tmp_path)
    if study:
        maker = maker.referred_by(study, {})
    thread = threading.Thread(target=maker.get, args=("train", INPUTS, slowly))
    thread.start()
    assert begun.wait(60)
    found = Store(tmp_path, waiting=heard).get("train", INPUTS, never)
    thread.join()
    assert text_of(found) == "a"
    for_whom = f" for the study {study}" if study else ""
    assert ended == [f"waits for {found.name}, which process {os.getpid()} makes{for_whom}"]
    assert sorted(path.suffix for path in (tmp_path / "train").iterdir()) == ["", ".lock"]


def test_who_waits_for_what_is_only_looked_at_is_told_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "TOLD_AFTER_S", 0.05)
    artifact = Store(tmp_path).get("train", INPUTS, writer("a"))
    lock = FileLock(artifact.folder.with_suffix(".lock"))
    lock.acquire()
    told = list[str]()

    def heard(line: str) -> None:
        told.append(line)
        lock.release(force=True)

    Store(tmp_path, waiting=heard).get("train", INPUTS, never)
    assert told == [f"waits for {artifact.name}, which another process has in hand"]


@pytest.mark.parametrize(("code", "cure"), [(errno.ENOSPC, "free some space"), (errno.EACCES, "can be written")])
def test_a_full_or_unwritable_disk_is_one_line(tmp_path: Path, code: int, cure: str) -> None:
    def refused(folder: Path) -> None:
        raise OSError(code, "refused", str(folder / "model.keras"))

    with pytest.raises(StoreError, match=cure):
        Store(tmp_path).get("train", INPUTS, refused)
    assert Store(tmp_path).find("train", INPUTS) is None


def copied(source: Path) -> Callable[[Path], None]:
    return lambda folder: shutil.copyfile(source, folder / "model.keras")  # type: ignore[return-value]


def kept_in_hdf5(source: Path) -> Callable[[Path], None]:
    """Through a package that has its own names for errors."""

    def make(folder: Path) -> None:
        with h5py.File(folder / "model.h5", "w") as file:
            file["weights"] = np.fromfile(source, np.uint8)

    return make


@pytest.mark.parametrize("make", [copied, kept_in_hdf5])
@pytest.mark.parametrize("place", ["store", "disk"])
def test_a_disk_that_really_fills_up_names_the_store_and_keeps_what_was_finished(
    make: Callable[[Path], Callable[[Path], None]], place: str, tmp_path: Path
) -> None:
    """Not the file that was copied into it, and not one of the store's own many folders."""
    source = tmp_path / "net.keras"
    source.write_bytes(bytes(1_000_000))
    root = tmp_path / place
    store = Store(root)
    with small_disk(root) if place == "disk" else small_files(50_000):
        store.get("train", INPUTS, writer("whole", []))
        with pytest.raises(StoreError) as full:
            store.get("export", INPUTS, make(source))
        assert re.match(rf"{root}: .*; free some space, or give a folder on another disk$", str(full.value))
        assert store.find("train", INPUTS) is not None
        assert [path for path in (root / "export").iterdir() if path.is_dir()] == []
        if place == "store":
            with (
                pytest.raises(StoreError, match=f"^{tmp_path / 'runs' / 'x'}: "),
                replaced_folder(tmp_path / "runs" / "x") as new,
            ):
                make(source)(new)


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_store_that_is_a_file_or_below_one_is_one_line_that_names_the_file(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / below)
    wanted = rf"^{re.escape(str(tmp_path / 'file'))}: (not a directory|file exists); give a folder that can be written$"
    with pytest.raises(StoreError, match=wanted):
        store.get("train", INPUTS, writer("a", []))
    with pytest.raises(StoreError, match=wanted):
        store.check()


def test_other_errors_of_the_operating_system_keep_their_traceback() -> None:
    with pytest.raises(FileNotFoundError), disk_errors(Path()):
        Path("no such file").read_bytes()


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with replaced_folder(folder) as unfinished:
        (unfinished / "old").write_text("old")

    def stop(unfinished: Path) -> None:
        (unfinished / "half").write_text("half")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"), replaced_folder(folder) as unfinished:
        stop(unfinished)
    assert [path.name for path in folder.iterdir()] == ["old"]
    with replaced_folder(folder) as unfinished:
        (unfinished / "new").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})


def test_a_store_that_can_only_be_read_is_named_and_nothing_in_it_changes(tmp_path: Path) -> None:
    root = tmp_path / "store"
    Store(root).get("train", INPUTS, writer("a"))
    before = sorted(path for path in root.rglob("*"))
    line = rf"^{root}: read-only file system; give a folder that can be written$"
    with read_only_disk(root):
        with pytest.raises(StoreError, match=line):
            Store(root).check()
        with pytest.raises(StoreError, match=line):
            Store(root).get("prune", INPUTS, writer("b"))
        with pytest.raises(StoreError, match=line):
            Store(root).referred_by("mine", {})
        assert Store(root).find("train", INPUTS) is not None
    assert sorted(path for path in root.rglob("*")) == before


def test_whether_it_can_be_written_is_found_out_without_a_trace(tmp_path: Path) -> None:
    """Also where it is not there yet."""
    Store(tmp_path / "a" / "store").check()
    assert [path for path in tmp_path.rglob("*") if path.name != "a"] == []
    (tmp_path / "store").mkdir()
    Store(tmp_path / "store").check()
    assert list((tmp_path / "store").iterdir()) == []


PROCESS = """
import sys
from pathlib import Path
from harness.base.store import Store
store = Store(Path(sys.argv[1])).referred_by(sys.argv[2], {"seeds": [0]})
def make(folder):
    (folder / "value.txt").write_text(sys.argv[2])
    print("made", flush=True)
for number in range(20):
    print(store.get("train", {"number": number}, make).path("value.txt").read_text())
"""


def test_two_processes_on_one_store_make_each_artifact_once(tmp_path: Path) -> None:
    """And both have the same, whoever made it."""
    started = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    lines = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sum(each.count("made") for each in lines) == 20
    values = [[word for word in each if word != "made"] for each in lines]
    assert values[0] == values[1]
    assert len(values[0]) == 20
    assert {len(list(folder.glob("train.*"))) for folder in (tmp_path / ".studies").iterdir()} == {20}


def test_a_clock_that_was_moved_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there seems to be of tomorrow; it is found, and what is new is kept beside it."""
    store = Store(tmp_path)
    artifact = store.get("train", INPUTS, writer("a"))
    later = time.time() + 86400
    for path in [*tmp_path.rglob("*"), tmp_path]:
        os.utime(path, (later, later))
    assert text_of(store.get("train", INPUTS, never)) == "a"
    monkeypatch.setattr(time, "time", lambda: 1.0)
    assert text_of(store.get("train", INPUTS, never)) == "a"
    assert text_of(store.get("train", INPUTS | {"seed": 2}, writer("b"))) == "b"
    assert artifact.folder.exists()
