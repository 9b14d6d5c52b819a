"""Damaged bundles: all are refused in a line, none passes, crashes or hangs, nothing outside the folder is touched.

Outside is a folder that is watched, all else beside the bundle, and the folder of temporary files, which is left empty.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

import harness.measure.answers
from harness.base.errors import BundleError
from harness.deploy.question import Question
from harness.deploy.validating import validate
from harness.spec import Gates
from tests.deploy.damages import damages
from tests.deploy.watched import watched

ALL = dict(damages())
OF_ONNXRUNTIME = ".ses"  # which it writes among temporary files whatever it runs
# One of each kind that goes a way of its own; the others are run by `make sweep`.
SOME = (
    "flip model.onnx 0",
    "flip manifest.json 3",
    "cut manifest.json at 0.000",
    "missing model.onnx",
    "swapped test_data_set_0/input_0.pb and test_data_set_0/output_0.pb",
    "a pipe for model.onnx",
    "a folder for manifest.json",
    "one file more",
    "the same model by a link",
    "the test vectors by a link",
    "lists a path outside 0",
    "lists an absolute path",
    "claims the model to be huge",
    "is of version harness-bundle/2",
    "claims another accuracy",
    "is nested without end",
    "external data at ../outside/weights.bin",
    "external data at an absolute path",
    "external data by a link",
    "NaN weight 0",
    "an opset too new",
    "test_data_set_0/output_0.pb claims to be huge",
    "test_data_set_0/input_0.pb outside",
    "other answers 0",
)


def test_there_are_two_hundred_of_them_and_each_has_a_name() -> None:
    assert len(list(damages())) == len(ALL) >= 200
    assert set(SOME) <= set(ALL)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    (folder / "weights.bin").write_bytes(bytes(288))
    return folder


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, of this process and of those that it starts."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="whether a file was opened is told by Linux's inotify")
@pytest.mark.parametrize("name", SOME)
def test_a_damaged_bundle_is_refused(
    name: str, bundle: Path, outside: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(name, bundle, outside, scratch, monkeypatch)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="as above")
@pytest.mark.parametrize("name", sorted(set(ALL) - set(SOME)))
def test_every_damaged_bundle_is_refused(
    name: str, bundle: Path, outside: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(name, bundle, outside, scratch, monkeypatch)


def _refused(name: str, bundle: Path, outside: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.measure.answers, "TIMEOUT_S", 5.0)
    ALL[name](bundle, outside)
    before = _listing(bundle.parent)
    with watched(outside) as touched:
        line = _line(bundle)
    assert not touched, f"{name}: touched {touched}"
    assert _listing(bundle.parent) == before
    assert [path.name for path in scratch.iterdir() if path.name != OF_ONNXRUNTIME] == [], name
    assert line, name
    assert "\n" not in line, name
    assert len(line) < 1000, name
    assert "Traceback" not in line, name


def _line(bundle: Path) -> str:
    """What is said of a bundle that must not pass."""
    try:
        found = validate(bundle, Question(Gates(max_size_mb=1000)))
    except BundleError as error:
        return str(error)
    assert found.decision == "fail", [finding.line for finding in found.findings]
    assert found.exit_code == 1
    return next(finding.line for finding in found.findings if finding.decision == "fail")


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (
            os.path.join(root, name),
            os.lstat(os.path.join(root, name)).st_mtime_ns,
            os.lstat(os.path.join(root, name)).st_size,
        )
        for root, folders, files in os.walk(folder)
        for name in (*folders, *files)
    )


def test_the_whole_bundle_passes(bundle: Path, outside: Path) -> None:
    """What the damaged ones are measured by: undamaged, it passes, also from another place."""
    assert validate(bundle, Question(Gates())).decision == "pass"
    moved = Path(shutil.move(bundle, outside / "moved"))
    assert validate(moved, Question(Gates())).decision == "pass"
