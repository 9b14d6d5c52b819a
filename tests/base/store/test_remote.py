"""A store that isn't this disk: as a folder, for any number of machines, without a lock."""

from __future__ import annotations

import errno
import pickle
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import StoreError
from harness.base.store import asking, place_at
from harness.base.store.artifact import file_digest
from tests.base.store.making import INPUTS, machine, never, run_that_ended, text_of, writer

fsspec = pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
memory = pytest.importorskip("fsspec.implementations.memory")


@pytest.fixture
def address() -> str:
    return f"memory://{uuid.uuid4().hex}/store"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", (0.01, 0.01))


def files(address: str) -> dict[str, Any]:
    """What lies in the store, by name below it."""
    return {entry.name: entry for entry in place_at(address).entries()}


def test_what_one_machine_made_another_has(tmp_path: Path, address: str) -> None:
    calls = list[str]()
    first = machine(address, tmp_path / "a").get("train", INPUTS, writer("a", calls))
    other = machine(address, tmp_path / "b").get("train", INPUTS, writer("b", calls))
    assert calls == ["a"]
    assert (text_of(other), other.name) == ("a", first.name)
    assert first.folder != other.folder
    assert sorted(files(address)) == sorted(
        [f"{first.name}/manifest.json", f"{first.name}/{file_digest(first.path('value.txt'))}"]
    )


def test_what_is_in_the_cache_is_not_fetched_again(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine(address, tmp_path)
    store.get("train", INPUTS, writer("a"))
    monkeypatch.setattr(memory.MemoryFileSystem, "get_file", never)
    assert text_of(store.get("train", INPUTS, never)) == "a"


def test_made_twice_at_once_the_first_stays_and_both_have_it(tmp_path: Path, address: str) -> None:
    """Two machines train the same network at once, and come to different weights."""
    gate, found = threading.Barrier(2), dict[str, str]()

    def work(name: str) -> None:
        def make(folder: Path) -> None:
            writer(name)(folder)
            gate.wait()

        found[name] = text_of(machine(address, tmp_path / name).get("train", INPUTS, make))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found.values())) == 1
    third = machine(address, tmp_path / "c").get("train", INPUTS, never)
    assert text_of(third) in found.values()
    assert text_of(machine(address, tmp_path / "a").get("train", INPUTS, never)) == text_of(third)


def test_an_upload_that_was_cut_off_is_no_artifact(tmp_path: Path, address: str) -> None:
    artifact = machine(address, tmp_path / "a").get("train", INPUTS, writer("a"))
    place_at(address).remove([f"{artifact.name}/manifest.json"])
    again = machine(address, tmp_path / "b").get("train", INPUTS, writer("b"))
    assert text_of(again) == "b"
    assert text_of(machine(address, tmp_path / "c").get("train", INPUTS, never)) == "b"


@pytest.mark.parametrize("damage", ["changed", "shorter", "missing", "manifest", "outside"])
def test_what_is_damaged_there_is_noticed_and_made_again(
    tmp_path: Path, address: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    artifact = machine(address, tmp_path / "a").get("train", INPUTS, writer("whole"))
    place, digest = place_at(address), file_digest(artifact.path("value.txt"))
    if damage == "missing":
        place.remove([f"{artifact.name}/{digest}"])
    elif damage == "manifest":
        place.write(f"{artifact.name}/manifest.json", b"{")
    elif damage == "outside":
        place.write(f"{artifact.name}/manifest.json", b'{"files": {"../../x": "%s"}}' % digest.encode())
    else:
        place.write(f"{artifact.name}/{digest}", b"other" if damage == "changed" else b"who")
    calls = list[str]()
    again = machine(address, tmp_path / "b").get("train", INPUTS, writer("whole", calls))
    assert (text_of(again), calls) == ("whole", ["whole"])
    assert f"{address}/{artifact.name}: " in caplog.text
    assert caplog.text.count("made again") == 1
    assert text_of(machine(address, tmp_path / "c").get("train", INPUTS, never)) == "whole"
    assert not list(tmp_path.rglob("x"))


def test_what_is_damaged_there_and_whole_here_is_put_right_without_making_it(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = machine(address, tmp_path / "a")
    artifact = store.get("train", INPUTS, writer("whole"))
    place_at(address).write(f"{artifact.name}/manifest.json", b"{")
    assert text_of(store.get("train", INPUTS, never)) == "whole"
    assert "put right from" in caplog.text
    assert text_of(machine(address, tmp_path / "b").get("train", INPUTS, never)) == "whole"


def test_damage_in_the_cache_is_mended_from_the_store(tmp_path: Path, address: str) -> None:
    store = machine(address, tmp_path)
    store.get("train", INPUTS, writer("whole")).path("value.txt").write_text("other")
    assert text_of(store.get("train", INPUTS, never)) == "whole"


class Troubled(memory.MemoryFileSystem):  # type: ignore[misc]
    """A store that refuses what `trouble` says, while there is any."""

    protocol = "troubled"
    store: dict[str, Any] = {}
    pseudo_dirs: list[str] = [""]
    trouble: Exception | None = None

    def pipe_file(self, *arguments: Any, **options: Any) -> Any:
        if Troubled.trouble is not None:
            raise Troubled.trouble
        return super().pipe_file(*arguments, **options)

    def put_file(self, *arguments: Any, **options: Any) -> Any:
        if Troubled.trouble is not None:
            raise Troubled.trouble
        return super().put_file(*arguments, **options)


@pytest.fixture
def troubled(monkeypatch: pytest.MonkeyPatch) -> str:
    fsspec.register_implementation("troubled", Troubled, clobber=True)
    monkeypatch.setattr(Troubled, "trouble", None)
    return f"troubled://{uuid.uuid4().hex}/store"


TROUBLES = [
    (OSError(errno.ENOSPC, "No space left on device"), "no space left on device; free some space there"),
    (OSError(errno.EROFS, "Read-only file system"), "can be read only; give a store that can be written"),
    (PermissionError("Access Denied"), "not let in (Access Denied); give credentials"),
    (TimeoutError("timed out"), "nobody answers (timed out); check the address"),
    (OSError(errno.EIO, "Input/output error"), "failed (OSError: [Errno 5] Input/output error); what was finished"),
]


@pytest.mark.parametrize(("trouble", "told"), TROUBLES, ids=lambda value: type(value).__name__)
def test_a_store_that_takes_nothing_is_one_line_and_nothing_is_lost(
    tmp_path: Path, troubled: str, monkeypatch: pytest.MonkeyPatch, trouble: Exception, told: str
) -> None:
    """What was made is kept here, and goes up when it is asked for again."""
    store = machine(troubled, tmp_path)

    def make(folder: Path) -> None:
        writer("a")(folder)
        monkeypatch.setattr(Troubled, "trouble", trouble)

    with pytest.raises(StoreError) as refused:
        store.get("train", INPUTS, make)
    assert str(refused.value).startswith(f"{troubled}: {told}")
    assert "\n" not in str(refused.value)
    with pytest.raises(StoreError, match=r"^troubled://"):
        store.check()
    monkeypatch.setattr(Troubled, "trouble", None)
    assert text_of(machine(troubled, tmp_path).get("train", INPUTS, never)) == "a"
    assert text_of(machine(troubled, tmp_path / "other").get("train", INPUTS, never)) == "a"


def test_what_the_store_did_not_take_stays_here_until_it_does(
    tmp_path: Path, troubled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However full the cache is, and though its process has ended: hours of training may be in it."""
    store = machine(troubled, tmp_path)
    monkeypatch.setattr(Troubled, "trouble", PermissionError("Access Denied"))
    with pytest.raises(StoreError):
        store.get("train", INPUTS, writer("a"))
    monkeypatch.setattr(Troubled, "trouble", None)
    run_that_ended(store)
    small = machine(troubled, tmp_path, 100)
    small.get("train", {"another": 1}, writer("b"))
    run_that_ended(small)
    assert text_of(small.get("train", INPUTS, never)) == "a"
    run_that_ended(small)
    machine(troubled, tmp_path, 100).get("train", {"another": 2}, writer("c"))
    assert [path.read_text() for path in tmp_path.rglob("value.txt")] == ["c"]
    assert not list(tmp_path.rglob("*.unsent"))


def test_trouble_that_passes_is_waited_for(tmp_path: Path, troubled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [OSError(errno.EIO, "once"), OSError(errno.EIO, "twice")]
    monkeypatch.setattr(asking.time, "sleep", lambda pause_s: monkeypatch.setattr(Troubled, "trouble", left.pop()))
    left.insert(0, None)  # type: ignore[arg-type]
    monkeypatch.setattr(Troubled, "trouble", OSError(errno.EIO, "first"))
    store = machine(troubled, tmp_path)
    with pytest.raises(StoreError):  # three failures, and no more patience
        store.place.write("x", b"")
    left[:] = [None]  # type: ignore[list-item]
    store.place.write("x", b"")
    assert store.place.read("x") == b""


def test_a_store_can_be_given_to_another_process(tmp_path: Path, address: str) -> None:
    store = machine(address, tmp_path).referred_by("mine", {"seeds": [0]})
    artifact = store.get("train", INPUTS, writer("a"))
    again = pickle.loads(pickle.dumps(store))
    assert text_of(again.get("train", INPUTS, never)) == "a"
    assert artifact.name.replace("/", ".") in {name.rpartition("/")[2] for name in files(address)}


def test_no_password_is_told() -> None:
    from harness.base.store import Remote

    assert Remote("sftp://me:secret@host/folder").address == "sftp://me:***@host/folder"
    assert Remote("s3://bucket/a:b@c").address == "s3://bucket/a:b@c"
