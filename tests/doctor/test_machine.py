"""CPUs, disks, datasets and how Keras computes, each from facts that are made for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.data import mnist
from harness.doctor.check import Check, State
from harness.doctor.datasets import data_checks
from harness.doctor.disk import disk_check
from harness.doctor.numerics import numerics_checks
from harness.doctor.processor import processor_checks
from tests.measurements import ENVIRONMENT


def processor(**changes: Any) -> list[Check]:
    return list(processor_checks({**ENVIRONMENT, "load_1_min": 0.0, **changes}))


def test_a_quiet_machine_has_nothing_to_mend() -> None:
    assert [check.state for check in processor()] == [State.GOOD]
    assert "allows all of them" in processor(cgroup_cpus=4.0)[0].found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"cgroup_cpus": 1.5}, "the container may use 1.5 of the 4 CPUs it sees"),
        ({"load_1_min": 3.0}, "the machine is busy (load 3.0 on 4 CPUs)"),
        ({"governor": "powersave"}, "the clock follows the load (governor powersave)"),
    ],
)
def test_what_makes_latencies_noisy_is_noted(facts: dict[str, Any], found: str) -> None:
    (check,) = [check for check in processor(**facts) if check.state != State.GOOD]
    assert (check.state, check.found) == (State.NOTE, found)
    assert check.cure


def test_a_container_s_limit_says_how_many_threads() -> None:
    assert "harness measure --threads 1" in processor(cgroup_cpus=1.5)[0].cure


def onednn(monkeypatch: pytest.MonkeyPatch, given: str | None, flags: tuple[str, ...] = ()) -> Check:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if given is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    return next(iter(numerics_checks(flags)))


def test_onednn_is_told_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert onednn(monkeypatch, None).found == "off in what harness trains"
    assert "the CPU has VNNI" in onednn(monkeypatch, None, ("avx512_vnni",)).found
    on = onednn(monkeypatch, "1")
    assert (on.state, on.cure) == (State.NOTE, "unset TF_ENABLE_ONEDNN_OPTS")


@pytest.mark.parametrize(
    ("backend", "state"), [("tensorflow", State.GOOD), ("numpy", State.WRONG), ("torch", State.WRONG)]
)
def test_a_backend_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, backend: str, state: State) -> None:
    monkeypatch.setattr("harness.doctor.numerics.find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.setenv("KERAS_BACKEND", backend)
    (check,) = [check for check in numerics_checks(()) if check.subject == "Keras"]
    assert check.state == state


def test_a_disk_that_is_full_or_can_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder need not be there yet; a file in its place is no folder."""
    assert disk_check("store", tmp_path / "a" / "b", "cure").state == State.GOOD
    (tmp_path / "file").write_text("")
    found = disk_check("store", tmp_path / "file" / "b", "cure")
    assert (found.state, found.found) == (State.WRONG, f"{tmp_path / 'file'} can't be written")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 10**12, 10**8))  # type: ignore[attr-defined]
    found = disk_check("store", tmp_path, "cure")
    assert (found.state, found.cure) == (State.WRONG, "cure")
    assert found.found.startswith("0.1 GB free")


def test_datasets_are_found_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Debian's folder or in Keras's cache; the digits come with a package."""
    monkeypatch.setattr(mnist, "SYSTEM_FOLDERS", {name: tmp_path / name for name in ("mnist", "fashion_mnist")})
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert [mnist.where(name) for name in ("mnist", "fashion_mnist")] == [None, None]
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (tmp_path / "mnist").mkdir(exist_ok=True)
            (tmp_path / "mnist" / f"{part}-{kind}-ubyte").write_bytes(b"")
    (tmp_path / "keras" / "datasets" / "fashion-mnist").mkdir(parents=True)
    assert mnist.where("mnist") == tmp_path / "mnist"
    assert mnist.where("fashion_mnist") == tmp_path / "keras" / "datasets" / "fashion-mnist"
    assert mnist.where("mnist5k") is not None


def test_a_dataset_that_is_not_there_says_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.doctor.datasets.where", lambda name: None)
    digits, *others = data_checks()
    assert digits.state == State.WRONG
    assert {check.state for check in others} == {State.NOTE}
    assert "/usr/share/datasets/fashion-mnist" in others[1].cure
