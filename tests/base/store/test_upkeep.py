"""The upkeep: what is there and whose, whether it is whole, what nobody needs, and nothing removed that a run uses."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.base.errors import SpecError, StoreError
from harness.base.progress import Silent
from harness.base.store import Artifact, Place, Store, alive, using
from harness.base.store.upkeep import LEFTOVER_S, Contents, contents, removable, remove, verify, without
from tests.base.store.making import ended, machine, never, text_of, writer

KINDS = ["folder", "memory"]
SOON = 2 * LEFTOVER_S


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """On this disk, and elsewhere: the same is asked of both."""
    if request.param == "folder":
        return Store(tmp_path / "store")
    pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    return machine(f"memory://{uuid.uuid4().hex}/store", tmp_path / "cache")


def made(store: Store, *numbers: int) -> list[Artifact]:
    return [store.get("train", {"number": number}, writer(str(number))) for number in numbers]


def names(artifacts: list[Artifact]) -> set[str]:
    return {artifact.name for artifact in artifacts}


def left(place: Place) -> set[str]:
    return set(contents(place).artifacts)


def test_what_is_there_is_listed_by_study_and_version(store: Store) -> None:
    both = made(store.referred_by("mine", {"seeds": [0]}), 1, 2)
    later = made(store.referred_by("mine", {"seeds": [1]}), 2, 3)
    made(store.referred_by("other", {}), 3)
    nobody = made(store, 4)
    found = contents(store.place)
    assert set(found.artifacts) == names([*both, *later, *nobody])
    studies = {each.name: names_of(found, each.name) for each in found.studies}
    assert sorted(name.partition("@")[0] for name in studies) == ["mine", "mine", "other"]
    assert sorted(map(len, studies.values())) == [1, 2, 2]
    alone = {each.name: {kept.name for kept in found.alone_of(each)} for each in found.studies}
    assert sorted(map(len, alone.values())) == [0, 0, 1]
    assert set().union(*alone.values()) == names(both[:1])
    assert {kept.name for kept in found.unreferenced} == names(nobody)
    kept = found.artifacts[nobody[0].name]
    assert (kept.stage, kept.is_whole) == ("train", True)
    assert kept.size_bytes > 1
    assert abs(kept.written_s - time.time()) < 3600


def names_of(found: Contents, study: str) -> set[str]:
    (each,) = [each for each in found.studies if each.name == study]
    return {kept.name for kept in found.of(each)}


def test_running_the_same_study_again_is_no_other_version(store: Store) -> None:
    for _ in range(2):
        made(store.referred_by("mine", {"seeds": [0], "epochs": 2}), 1)
    made(store.referred_by("mine", {"epochs": 2, "seeds": [0]}), 1)
    (study,) = contents(store.place).studies
    assert len(study.artifacts) == 1


def test_all_is_verified_and_what_is_damaged_is_named(store: Store) -> None:
    kept = made(store, 1, 2, 3)
    found = contents(store.place)
    assert verify(store.place, found, Silent()) == []
    (data,) = [name for name in found.artifacts[kept[1].name].files if not name.endswith("manifest.json")]
    store.place.write(data, b"other")
    store.place.write(f"{kept[2].name}/manifest.json", b"{")
    assert sorted(verify(store.place, contents(store.place), Silent())) == sorted(
        [f"{kept[1].name}: value.txt is damaged", f"{kept[2].name}: its manifest is damaged"]
    )


def test_only_what_no_study_refers_to_is_removed_and_can_be_made_again(store: Store) -> None:
    needed = made(store.referred_by("mine", {}), 1, 2)
    made(store, 3)
    found = contents(store.place)
    remove(store.place, found, [], removable(found), Silent())
    assert left(store.place) == names(needed)
    for artifact, number in zip(needed, (1, 2), strict=True):
        assert text_of(store.get("train", {"number": number}, never)) == str(number)
        assert artifact.folder.exists()
    assert contents(store.place).studies == found.studies
    assert text_of(made(store, 3)[0]) == "3"


@pytest.mark.parametrize(
    ("forgotten", "stays"), [("mine", set()), ("mine@earlier", {2, 3}), ("mine@{version}", {1, 2})]
)
def test_a_study_can_be_forgotten_and_each_version_of_it(store: Store, forgotten: str, stays: set[int]) -> None:
    made(store.referred_by("mine", {"seeds": [0]}), 1, 2)
    first = contents(store.place).studies[0]
    time.sleep(0.01)  # which was run last is known by when it was
    made(store.referred_by("mine", {"seeds": [1]}), 2, 3)
    made(store.referred_by("other", {}), 9)
    found = contents(store.place)
    (latest,) = [each for each in found.studies if each.study == "mine" and each.version != first.version]
    after, gone = without(found, [forgotten.format(version=latest.version)])
    remove(store.place, found, gone, removable(after), Silent())
    kept = {Artifact.of(Path(), "train", {"number": number}).name: number for number in (1, 2, 3, 9)}
    assert {kept[name] for name in left(store.place)} == stays | {9}


def test_a_study_that_is_not_there_can_not_be_forgotten(store: Store) -> None:
    made(store.referred_by("mine", {}), 1)
    found = contents(store.place)
    with pytest.raises(SpecError, match=r"no study 'your' refers to anything here; those that do: mine$"):
        without(found, ["your"])
    with pytest.raises(SpecError, match=r"study 'mine' has no version '7' here; use [0-9a-f]{8} or earlier$"):
        without(found, ["mine@7"])


def test_nothing_is_removed_before_a_study_has_said_what_it_needs(store: Store) -> None:
    """As in a store that older code filled."""
    made(store, 1)
    found = contents(store.place)
    with pytest.raises(StoreError, match="no study has said yet what it refers to; run those that you need first"):
        remove(store.place, found, [], removable(found), Silent())
    assert len(left(store.place)) == 1


def test_nothing_is_removed_while_a_run_uses_the_store(store: Store) -> None:
    made(store.referred_by("mine", {}), 1)
    made(store, 2)
    with using(store.place, "mine"):
        found = contents(store.place)
        with pytest.raises(StoreError, match=rf"is used by study mine \(process {os.getpid()} on .*wait until"):
            remove(store.place, found, [], removable(found), Silent())
        assert len(left(store.place)) == 2
    found = contents(store.place)
    remove(store.place, found, [], removable(found), Silent())
    assert len(left(store.place)) == 1


def test_a_run_that_was_killed_does_not_hold_the_store(store: Store) -> None:
    made(store.referred_by("mine", {}), 1)
    about = f'{{"study": "mine", "host": "{socket.gethostname()}", "pid": {ended()}}}'
    store.place.write(".runs/x.json", about.encode())
    found = contents(store.place)
    assert found.users == ()
    remove(store.place, found, [], [], Silent())
    assert list(store.place.entries(".runs")) == []


@pytest.mark.parametrize(("since_s", "uses"), [(1.0, True), (-86400.0, True), (alive.QUIET_S + 60, False)])
def test_a_run_elsewhere_is_known_by_its_signs_of_life(store: Store, since_s: float, uses: bool) -> None:
    """Also where a clock was moved back since: a sign of tomorrow is one."""
    store.place.write(".runs/x.json", b'{"study": "mine", "host": "elsewhere", "pid": 1}')
    assert len(alive.users(store.place, time.time() + since_s)) == uses


def test_a_run_gives_signs_of_life_and_takes_them_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "BEAT_S", 0.01)
    with using(store.place, "mine"):
        (sign,) = store.place.entries(".runs")
        while next(iter(store.place.entries(".runs")), sign).written_s == sign.written_s:
            time.sleep(0.01)
    assert list(store.place.entries(".runs")) == []


LEFT: dict[str, Callable[[Artifact], str]] = {
    "a folder": lambda artifact: f"{artifact.name}.unfinished/value.txt",
    "a folder of a process that was ended": lambda artifact: f"{artifact.name}.unfinished.123/value.txt",
    "a content without its manifest": lambda artifact: f"{artifact.name}/{'0' * 64}",
}


@pytest.mark.parametrize("what", LEFT)
def test_what_was_left_unfinished_goes_once_it_can_not_be_on_its_way(what: str, store: Store) -> None:
    needed = made(store.referred_by("mine", {}), 1)
    half = Artifact.of(store.root, "train", {"number": 2})
    store.place.write(LEFT[what](half), b"half")
    found = contents(store.place)
    assert [kept.size_bytes for kept in found.leftovers] == [4]
    assert removable(found) == []
    (kept,) = removable(found, time.time() + SOON)
    remove(store.place, found, [], [kept], Silent())
    assert contents(store.place).leftovers == ()
    assert left(store.place) == names(needed)


def test_files_that_are_not_the_stores_are_let_be(store: Store) -> None:
    made(store.referred_by("mine", {}), 1)
    for name in ("notes.txt", "nested/train/0123456789abcdef01234567/manifest.json", "train/notes/a.txt", "a/b/c"):
        store.place.write(name, b"mine")
    made(store, 2)
    found = contents(store.place)
    remove(store.place, found, [], removable(found, time.time() + SOON), Silent())
    kept = {entry.name for entry in store.place.entries()}
    assert {"notes.txt", "nested/train/0123456789abcdef01234567/manifest.json", "train/notes/a.txt", "a/b/c"} <= kept
    assert len(left(store.place)) == 1


@pytest.mark.parametrize("what", LEFT)
def test_a_moved_clock_removes_nothing_that_is_on_its_way(what: str, store: Store) -> None:
    """What seems to be of tomorrow is younger than an hour."""
    made(store.referred_by("mine", {}), 1)
    store.place.write(LEFT[what](Artifact.of(store.root, "train", {"number": 2})), b"half")
    assert removable(contents(store.place), time.time() - 86400) == []


def test_what_is_only_found_is_referred_to_as_well(store: Store) -> None:
    made(store, 1, 2)
    mine = store.referred_by("mine", {})
    assert mine.find("train", {"number": 1}) is not None
    assert mine.find("train", {"number": 3}) is None
    (study,) = contents(store.place).studies
    assert study.artifacts == names(made(store, 1))
