"""A real S3 API on the loopback: as any store, and what becomes of its faults."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.base.store import asking, place_at, remote
from harness.base.store.artifact import file_digest
from tests.base.store.making import INPUTS, machine, never, text_of, writer
from tests.s3 import S3, Fault, settle_aws

ENOUGH = "some text " * 1000
SOMEONE = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs", reason="needs the development packages: s3fs")
    monkeypatch.setattr(asking, "PATIENCE_S", (0.01, 0.01))
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setitem(remote.OPTIONS["s3"]["config_kwargs"], "retries", {"max_attempts": 0})


def test_what_one_machine_made_another_has(tmp_path: Path, s3: S3) -> None:
    store = machine(s3.address, tmp_path / "a")
    store.check()
    store.get("train", INPUTS, writer(ENOUGH))
    other = machine(s3.address, tmp_path / "b")
    assert text_of(other.get("train", INPUTS, never)) == ENOUGH
    before = s3.proxy.requests
    other.get("train", INPUTS, never)
    assert s3.proxy.requests == before + 1, "the manifest alone"


def test_made_twice_at_once_the_first_stays_and_both_have_it(tmp_path: Path, s3: S3) -> None:
    gate, found = threading.Barrier(2), dict[str, str]()

    def work(name: str) -> None:
        def make(folder: Path) -> None:
            writer(name)(folder)
            gate.wait()

        found[name] = text_of(machine(s3.address, tmp_path / name).get("train", INPUTS, make))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found.values())) == 1
    assert text_of(machine(s3.address, tmp_path / "c").get("train", INPUTS, never)) in found.values()


@pytest.mark.parametrize("kind", ["slow", "broken", "truncated"])
def test_faults_that_pass_change_nothing(tmp_path: Path, s3: S3, kind: str) -> None:
    s3.proxy.fault = Fault(kind, times=2)
    made = machine(s3.address, tmp_path / "a").get("train", INPUTS, writer(ENOUGH))
    s3.proxy.fault = Fault(kind, times=2)
    assert text_of(machine(s3.address, tmp_path / "b").get("train", INPUTS, never)) == ENOUGH
    s3.proxy.fault = None
    assert place_at(s3.address).problem(made.name, "value.txt", file_digest(made.path("value.txt"))) is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [("broken", "failed ("), ("expired", "not let in (The provided token has expired")],
)
def test_faults_that_stay_are_one_line_and_nothing_is_lost(tmp_path: Path, s3: S3, kind: str, told: str) -> None:
    """Neither what is there nor what was just made; and nothing that came damaged is taken."""
    machine(s3.address, tmp_path / "a").get("train", INPUTS, writer(ENOUGH))
    s3.proxy.fault = Fault(kind)
    for disk in ("a", "b"):
        with pytest.raises(StoreError) as refused:
            machine(s3.address, tmp_path / disk).get("train", INPUTS, never)
        assert str(refused.value).startswith(f"{s3.address}: {told}")
        assert "\n" not in str(refused.value)
    s3.proxy.fault = None

    def make(folder: Path) -> None:
        writer("new")(folder)
        s3.proxy.fault = Fault(kind)

    store = machine(s3.address, tmp_path / "a")
    with pytest.raises(StoreError):
        store.get("train", {"another": 1}, make)
    s3.proxy.fault = None
    assert text_of(store.get("train", {"another": 1}, never)) == "new"
    for inputs, text in ((INPUTS, ENOUGH), ({"another": 1}, "new")):
        assert text_of(machine(s3.address, tmp_path / "c").get("train", inputs, never)) == text


def test_bodies_that_are_cut_off_are_never_taken_nor_taken_for_damage(tmp_path: Path, s3: S3) -> None:
    """A training is not repeated since a network is bad; the manifest first, then a file."""
    store = machine(s3.address, tmp_path / "a")
    artifact = store.get("train", INPUTS, writer(ENOUGH))
    s3.proxy.fault = Fault("truncated", methods=("GET",))
    with pytest.raises(StoreError, match=f"^{s3.address}: "):
        machine(s3.address, tmp_path / "b").get("train", INPUTS, never)
    with pytest.raises(StoreError, match=f"^{s3.address}: "):
        place_at(s3.address).problem(artifact.name, "value.txt", file_digest(artifact.path("value.txt")))
    s3.proxy.fault = None
    assert not list((tmp_path / "b").rglob("value.txt"))
    assert text_of(machine(s3.address, tmp_path / "b").get("train", INPUTS, never)) == ENOUGH


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_an_address_where_nobody_answers(tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_aws(monkeypatch, AWS_ENDPOINT_URL=f"http://127.0.0.1:{closed_port()}", **SOMEONE)
    with pytest.raises(StoreError, match=rf"^{s3.address}: nobody answers \(Could not connect to the endpoint URL"):
        machine(s3.address, tmp_path).check()


def test_an_address_that_takes_calls_and_says_nothing(tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SOON_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settle_aws(monkeypatch, AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}", **SOMEONE)
        with pytest.raises(StoreError, match=f"^{s3.address}: no answer in 0 s; check the address"):
            machine(s3.address, tmp_path).check()


def test_no_credentials(tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_aws(monkeypatch, AWS_ENDPOINT_URL=s3.endpoint)
    with pytest.raises(StoreError, match=rf"^{s3.address}: not let in \(Unable to locate credentials\); give"):
        machine(s3.address, tmp_path).check()


def test_no_such_bucket_is_told_and_none_is_made(tmp_path: Path, s3: S3) -> None:
    for _ in range(2):
        with pytest.raises(StoreError, match=r"^s3://elsewhere/x: is not there; make that bucket"):
            machine("s3://elsewhere/x", tmp_path).check()


def test_removing_more_than_one_request_can(tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_at(s3.address)
    names = [f"train/{number}" for number in range(5)]
    for name in names:
        place.write(name, b"")
    monkeypatch.setattr("harness.base.store.remote.AT_ONCE", 2)
    place.remove([*names, "train/never"])
    assert list(place.entries()) == []
