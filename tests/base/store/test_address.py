"""What `--store` may say, and what is said where it can't be meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.base.errors import HarnessError, SpecError, StoreError
from harness.base.store import Folder, Remote, Store, open_store, place_at


def test_a_folder_is_a_folder_however_it_is_written(tmp_path: Path) -> None:
    for address in (tmp_path, str(tmp_path), f"file://{tmp_path}"):
        assert place_at(address) == Folder(tmp_path)
    assert open_store(tmp_path).root == tmp_path
    assert place_at(".harness") == Folder(Path(".harness"))
    assert place_at("./s3:x") == Folder(Path("s3:x"))


def test_an_open_store_is_given_back_as_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert open_store(store) is store


def test_each_address_has_its_own_part_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE_GB", "0.5")
    one, same, other = (open_store(address) for address in ("memory://a", "memory://a/", "memory://b"))
    assert one.root == same.root != other.root
    assert one.root.parent == other.root.parent == tmp_path
    assert one.behind is not None
    assert (one.place, one.behind.cache.most_bytes) == (Remote("memory://a"), 500_000_000)
    monkeypatch.delenv("HARNESS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert open_store("memory://a").root.parent == tmp_path / "user" / "harness"


WRONG = [
    ("nosuch://bucket/x", "nosuch://bucket/x: fsspec knows no protocol 'nosuch'; give a folder, s3://BUCKET/FOLDER"),
    ("", "--store: is empty; give a folder such as .harness, or an address such as s3://BUCKET/FOLDER"),
    ("memory://", "memory://: names no bucket or folder; give for example s3://BUCKET/FOLDER"),
    ("nosuch::memory://x", "nosuch::memory://x: fsspec knows no protocol 'nosuch'"),
    (Path("s3://bucket/x"), "s3:/bucket/x: for an address give 's3://bucket/x' as text, for a folder './s3:/bucket/x'"),
    ("s3:bucket/x", "s3:bucket/x: for an address give 's3://bucket/x'"),
]


@pytest.mark.parametrize(("address", "told"), WRONG)
def test_what_can_be_no_address_is_one_line(address: str | Path, told: str) -> None:
    pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    with pytest.raises(SpecError) as refused:
        open_store(address)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    fsspec.register_implementation("rare", "no_such_package.Rare", errtxt="Install rarefs to use it", clobber=True)
    with pytest.raises(StoreError, match=r"^rare://x: a package is missing: Install rarefs to use it$"):
        open_store("rare://x")
    monkeypatch.setitem(sys.modules, "fsspec.registry", None)
    with pytest.raises(StoreError, match=r"^s3://b/x: .* needs fsspec; install prune-harness\[remote\]$"):
        open_store("s3://b/x")


def test_a_size_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    monkeypatch.setenv("HARNESS_CACHE_GB", "much")
    with pytest.raises(HarnessError, match=r"^HARNESS_CACHE_GB=much: not a number; give gigabytes"):
        open_store("memory://a")
