"""`harness store`, and what commands say of a `--store` that can't be used: one line, exit code 2."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from harness.base.store import Store, using
from tests.base.store.making import writer
from tests.cli.test_app import in_process
from tests.s3 import S3, settle_aws

STUDY = "name = 'x'\n[[networks]]\nmodel = 'single_conv'"


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store with two artifacts of a study, one of them of an earlier version too, and one of nobody."""
    store = Store(tmp_path / "store")
    for spec, number in (({"seeds": [0]}, 1), ({"seeds": [0]}, 2), ({"seeds": [1]}, 2)):
        store.referred_by("mine", spec).get("train", {"number": number}, writer("x" * 2000))
    for study in (tmp_path / "store" / ".studies").iterdir():
        if len(list(study.iterdir())) == 3:
            os.utime(study / "study.json", (1e9, 1e9))
    store.get("latency", {}, writer("y"))
    return tmp_path / "store"


def test_it_lists_what_is_there(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = in_process(capsys, "store", "--store", str(filled))
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith(f"{filled}: 3 artifacts, ")
    assert [line[0] for line in lines[1:] if line and line[0] in ("mine", "no")] == ["mine", "mine", "no"]
    assert "remove-unreferenced" in out
    code, out, _ = in_process(capsys, "store", "--store", str(filled), "--json")
    told = json.loads(out)
    assert (code, told["artifacts"], told["stages"]) == (0, 3, {"latency": 1, "train": 2})
    assert [study["artifacts"] for study in told["studies"]] == [1, 2]
    assert told["unreferenced"]["stages"] == {"latency": 1}
    assert told["users"] == []


def test_it_verifies(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("store", "--store", str(filled), "--verify", "--quiet")
    assert in_process(capsys, *words)[:2] == (0, f"{filled}: all 3 artifacts whole\n")
    damaged = next((filled / "latency").glob("*/value.txt"))
    damaged.write_text("z")
    code, out, _ = in_process(capsys, *words)
    assert code == 1
    assert out.splitlines()[1:] == [f"- latency/{damaged.parent.name}: value.txt is damaged"]
    code, out, _ = in_process(capsys, *words, "--json")
    assert (code, json.loads(out)["damaged"]) == (1, [f"latency/{damaged.parent.name}: value.txt is damaged"])


def test_it_says_what_would_be_removed_and_removes_it_when_told_to(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("store", "--store", str(filled), "--remove-unreferenced", "--quiet")
    before = sorted(filled.rglob("*"))
    code, out, _ = in_process(capsys, *words)
    assert code == 0
    assert "would be removed: 1 artifact, " in out
    assert "(1 latency)" in out
    assert "nothing is changed yet; give --yes as well" in out
    assert sorted(filled.rglob("*")) == before
    code, out, _ = in_process(capsys, *words, "--forget", "mine@earlier", "--yes", "--json")
    told = json.loads(out)
    assert (code, told["done"], told["removed"]["stages"]) == (0, True, {"latency": 1, "train": 1})
    assert len(told["forgotten"]) == 1
    assert in_process(capsys, *words)[1] == "would be removed: nothing\n"
    assert len(list(filled.glob("*/*/manifest.json"))) == 1


def test_forgetting_alone_removes_nothing(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("store", "--store", str(filled), "--forget", "mine", "--quiet")
    _, out, _ = in_process(capsys, *words)
    assert "would be forgotten: mine@" in out
    assert "no study refers to 3 artifacts, " in out
    code, out, _ = in_process(capsys, *words, "--yes")
    assert (code, out.startswith("forgotten: mine@")) == (0, True)
    assert len(list(filled.glob("*/*/manifest.json"))) == 3
    assert not list((filled / ".studies").iterdir())


def test_a_store_in_use_is_left_alone(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("store", "--store", str(filled))
    with using(Store(filled).place, "mine"):
        code, out, err = in_process(capsys, *words, "--remove-unreferenced", "--yes", "--quiet")
        assert (code, out) == (2, "")
        assert err.startswith(f"harness: {filled}: is used by study mine (process {os.getpid()} on ")
        assert err.count("\n") == 1
        assert f"used now by study mine, process {os.getpid()}" in in_process(capsys, *words)[1]


WRONG = [
    (["--verify", "--forget", "mine"], "--verify and what removes are two questions; give one of them"),
    (["--yes"], "--yes: to what? give --remove-unreferenced or --forget"),
    (["--forget", "yours", "--yes"], "no study 'yours' refers to anything here; those that do: mine"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_what_can_not_be_meant_is_one_line(
    filled: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    code, out, err = in_process(capsys, "store", "--store", str(filled), *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", [["run", "study.toml"], ["store"], ["prune", "x.keras", "--speedup", "2"]])
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nosuch://b/x", "nosuch://b/x: fsspec knows no protocol 'nosuch'"),
        ("s3://", "s3://: names no bucket or folder"),
        ("nobody", "s3://b/x: nobody answers (Could not connect"),
        ("nameless", "s3://b/x: not let in (Unable to locate credentials)"),
    ],
)
def test_an_address_that_does_not_work_is_told_before_anything_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    address: str,
    told: str,
) -> None:
    pytest.importorskip("s3fs", reason="needs the development packages: s3fs")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(STUDY)
    someone = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"} if address == "nobody" else {}
    with socket.socket() as unheard:  # bound, but nobody listens
        unheard.bind(("127.0.0.1", 0))
        settle_aws(monkeypatch, AWS_ENDPOINT_URL=f"http://127.0.0.1:{unheard.getsockname()[1]}", **someone)
        where = "s3://b/x" if address in ("nobody", "nameless") else address
        monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
        code, out, err = in_process(capsys, *command, "--store", where)
    assert (code, out) == (2, "")
    assert err.startswith(f"harness: {told}")
    assert err.count("\n") == 1
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--store", "no/such"], "no/such: no such folder; give the one where `harness run` keeps finished stages"),
        (["--store", "file"], "file: no such folder"),
    ],
)
def test_a_folder_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    code, out, err = in_process(capsys, "store", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"harness: {told}")


def test_a_cache_of_no_size_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fsspec", reason="needs the development packages: fsspec")
    code, _, err = in_process(capsys, "run", "x.toml", "--store", "memory://x", "--cache-gb", "0")
    assert (code, err) == (2, "harness: a cache of at most 0 GB can't be; give more than 0\n")


def test_it_does_the_same_on_s3(tmp_path: Path, s3: S3, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.base.store.making import machine

    store = machine(s3.address, tmp_path)
    store.referred_by("mine", {}).get("train", {}, writer("a"))
    store.get("latency", {}, writer("b"))
    words = ("store", "--store", s3.address, "--quiet")
    assert in_process(capsys, *words)[1].startswith(f"{s3.address}: 2 artifacts, ")
    assert in_process(capsys, *words, "--verify")[:2] == (0, f"{s3.address}: all 2 artifacts whole\n")
    code, out, err = in_process(capsys, *words, "--remove-unreferenced", "--yes")
    assert (code, err) == (0, "")
    assert "removed: 1 artifact" in out
    assert in_process(capsys, *words)[1].startswith(f"{s3.address}: 1 artifact, ")
