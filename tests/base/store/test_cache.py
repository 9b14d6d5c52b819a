"""The cache in front of a distant store: a limit, the least recently used first, and nothing that is in use."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.base.progress import Silent
from harness.base.store import Artifact, Store
from harness.base.store.upkeep import contents, verify
from tests.base.store.disks import small_disk
from tests.base.store.making import machine, never, run_that_ended, writer

pytest.importorskip("fsspec", reason="needs the development packages: fsspec")

KILOBYTE = "x" * 1000


@pytest.fixture
def address() -> str:
    return f"memory://{uuid.uuid4().hex}/store"


def made(store: Store, number: int) -> Artifact:
    """An artifact of about 1.3 kB with its manifest."""
    return store.get("train", {"number": number}, writer(KILOBYTE))


def test_the_least_recently_used_go_when_there_are_more_than_the_limit(tmp_path: Path, address: str) -> None:
    before = machine(address, tmp_path, 1_000_000)
    kept = [made(before, number) for number in range(4)]
    for age, artifact in enumerate(kept):
        os.utime(artifact.path("manifest.json"), (age, age))
    run_that_ended(before)
    after = machine(address, tmp_path, 3000)
    made(after, 0)  # used now, though it is the oldest
    made(after, 9)
    assert [artifact.folder.exists() for artifact in kept] == [True, False, False, False]
    assert [made(machine(address, tmp_path, 1_000_000), number).folder.exists() for number in range(4)] == [True] * 4


def test_what_is_in_use_stays_whatever_the_limit_and_the_clock(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the clock was moved, so that what is used looks old; told once."""
    store = machine(address, tmp_path, 2000)
    kept = []
    for number in range(4):
        kept.append(made(store, number))
        os.utime(kept[-1].path("manifest.json"), (number, number))
    assert all(artifact.folder.exists() for artifact in kept)
    assert caplog.text.count("all of it is in use") == 1
    assert str(tmp_path) in caplog.text


def test_what_another_living_process_was_given_stays(tmp_path: Path, address: str) -> None:
    store = machine(address, tmp_path, 1_000_000)
    kept = made(store, 0)
    made(machine(address, tmp_path, 100), 1)
    assert kept.folder.exists()
    run_that_ended(store)
    made(machine(address, tmp_path, 100), 2)
    assert not kept.folder.exists()
    assert len(list((tmp_path / ".leases").iterdir())) == 1, "those of the dead are gone"


def test_stores_share_the_limit(tmp_path: Path, address: str) -> None:
    first = machine(address, tmp_path, 1_000_000)
    kept = made(first, 0)
    run_that_ended(first)
    made(machine(f"{address}-other", tmp_path, 2000), 0)
    assert not kept.folder.exists()
    assert made(first, 0).folder.exists()
    assert first.get("train", {"number": 0}, never).folder == kept.folder


def test_a_full_disk_under_the_cache_names_the_cache(tmp_path: Path, address: str) -> None:
    """Both where something is made and where something is fetched; the store itself is whole."""
    large = writer("x" * 100_000)
    machine(address, tmp_path / "large").get("train", {"number": 0}, large)
    with small_disk(tmp_path / "small"):
        store = machine(address, tmp_path / "small")
        line = rf"^{store.root}: no space left on device; free some space, or give a folder on another disk$"
        with pytest.raises(StoreError, match=line):
            store.get("train", {"number": 0}, large)
        with pytest.raises(StoreError, match=line):
            store.get("train", {"number": 1}, large)
        assert store.get("train", {"number": 2}, writer("x")).folder.exists()
    assert verify(store.place, contents(store.place), Silent()) == []
