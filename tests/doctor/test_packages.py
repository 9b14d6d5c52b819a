"""Versions that are needed, and packages that overwrite each other's files."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

import pytest

from harness.doctor.check import Check, State
from harness.doctor.packages import overwritten, unmet


def installed(folder: Path, name: str, *files: str) -> None:
    """A package as pip leaves it, with the files that it says are its own.

    They are there: importlib-metadata, where another test's package has imported it, leaves out those that are not.
    """
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def clashes(folder: Path) -> list[Check]:
    return list(overwritten(distributions(path=[str(folder)])))


def test_the_cudnn_of_cuda_12_and_13_is_one_file(tmp_path: Path) -> None:
    shared = ["nvidia/cudnn/lib/libcudnn.so.9", "nvidia/cudnn/lib/libcudnn_ops.so.9", "nvidia/__init__.py"]
    installed(tmp_path, "nvidia-cudnn-cu12", *shared)
    installed(tmp_path, "nvidia-cudnn-cu13", *shared)
    (found,) = clashes(tmp_path)
    assert found.state == State.WRONG
    assert "nvidia-cudnn-cu12 and nvidia-cudnn-cu13 overwrite each other's files" in found.found
    assert "nvidia/cudnn/lib/libcudnn.so.9" in found.found
    assert "make setup-cuda" in found.cure


def test_two_onnxruntimes_are_one_too_many(tmp_path: Path) -> None:
    for name in ("onnxruntime", "onnxruntime-gpu"):
        installed(tmp_path, name, "onnxruntime/capi/onnxruntime_pybind11_state.so", "onnxruntime/__init__.py")
    (found,) = clashes(tmp_path)
    assert found.cure.startswith("keep one: uninstall all of onnxruntime, onnxruntime-gpu")


def test_packages_side_by_side_are_no_clash(tmp_path: Path) -> None:
    """The same empty file that makes a folder a package, and files of others."""
    installed(tmp_path, "nvidia-cudnn-cu13", "nvidia/cudnn/lib/libcudnn.so.9", "nvidia/__init__.py")
    installed(tmp_path, "nvidia-cublas", "nvidia/cu13/lib/libcublas.so.13", "nvidia/__init__.py")
    installed(tmp_path, "other", "nvidia/cudnn/lib/libcudnn.so.9")
    assert clashes(tmp_path) == []


@pytest.mark.parametrize(
    ("requirement", "state", "found"),
    [
        ("numpy>=999", State.WRONG, "numpy is "),
        ("no-such-package-here>=1", State.WRONG, "no-such-package-here is missing"),
    ],
)
def test_what_is_not_met_is_told(requirement: str, state: State, found: str) -> None:
    (check,) = unmet([requirement])
    assert check.state == state
    assert check.found.startswith(found)
    assert "make setup" in check.cure


def test_what_is_met_or_not_asked_for_is_not_told() -> None:
    asked = ["numpy>=1", "no-such-package-here; extra == 'cuda'", "no-such-package-here; sys_platform == 'nowhere'"]
    assert list(unmet(asked)) == []


def test_without_what_measures_nothing_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.doctor.packages._version", lambda package: None)
    (check,) = unmet(["onnxruntime>=1.31"])
    assert check.state == State.BROKEN
