"""A study, or a network's file, that is changed while a run is at work: both versions stay, and neither is mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.base.errors import SpecError
from harness.base.progress import Silent
from harness.base.store import Folder
from harness.base.store.upkeep import contents
from harness.pipeline import run as road
from harness.pipeline.run import run_study
from harness.pipeline.stages import Stages
from harness.spec import DataSpec, study_of
from tests.cli.test_app import in_process
from tests.onnx_files import cnn
from tests.pipeline.planted import planted

STUDY = """
name = "small"
seeds = {seeds}
data.limit = 100
measure = {{batch_sizes = [1], budget_s = 1, device = "cpu"}}

[[networks]]
model = "single_conv"
prune = [{{ratio = 0.5}}]
"""


class Editing(Silent):
    """Does something when the first row has come in."""

    def __init__(self, edit: Callable[[], object]) -> None:
        self.edit = edit

    def line(self, text: str, *, lasting: bool = False) -> None:
        self.edit()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study in the current folder, on the invented road."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(road, "StudySite", planted())
    monkeypatch.setattr(road, "measured", lambda *asked: ())
    written = tmp_path / "small.toml"
    written.write_text(STUDY.format(seeds=[0]))
    return written


@pytest.mark.parametrize("edited", [STUDY.format(seeds=[0, 1]), "name ="])
def test_a_study_that_is_edited_half_way_ends_as_it_began_and_says_so(
    edited: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other version is another run, of another version in the store, which takes what it can from the first."""
    monkeypatch.setattr("harness.cli.commands.run.terminal", lambda quiet: Editing(lambda: file.write_text(edited)))
    words = ("run", "small.toml", "--on", "workers", "--json")
    code, out, err = in_process(capsys, *words)
    assert code == 2
    assert [row["case"]["seed"] for row in json.loads(out)["rows"]] == [0, 0]
    said = err.splitlines()[-1]
    assert said == "harness: small.toml: was changed while it ran: runs/small is of what it said; run it again"
    before = set(contents(Folder(Path(".harness"))).artifacts)
    file.write_text(STUDY.format(seeds=[0, 1]))
    monkeypatch.setattr("harness.cli.commands.run.terminal", lambda quiet: Silent())
    code, out, err = in_process(capsys, *words)
    assert code == 0, err
    assert [row["case"]["seed"] for row in json.loads(out)["rows"]] == [0, 0, 1, 1]
    found = contents(Folder(Path(".harness")))
    assert sorted(len(study.artifacts) for study in found.studies) == [len(before), 2 * len(before)]
    assert before < set(found.artifacts)


def test_one_that_is_only_written_anew_is_no_other(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = f"# why\n{STUDY.format(seeds=[0])}"
    monkeypatch.setattr("harness.cli.commands.run.terminal", lambda quiet: Editing(lambda: file.write_text(told)))
    assert in_process(capsys, "run", "small.toml", "--on", "workers")[0] == 0


@pytest.fixture
def digits(tmp_path: Path) -> DataSpec:
    images = np.random.default_rng(0).random((60, 8, 8), dtype=np.float32)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(60) % 10)
    return DataSpec(name=f"npz:{tmp_path / 'data.npz'}", scale="raw")


def test_a_network_that_is_changed_half_way_is_named_and_has_no_results(tmp_path: Path, digits: DataSpec) -> None:
    """And what came of the first version is found again once that is back."""
    file, other = cnn(tmp_path / "net.onnx", 8), cnn(tmp_path / "other.onnx", 4)
    first = file.read_bytes()
    asked = study_of(file, digits, [0.5], 0)
    measure = asked.measure.model_copy(update={"batch_sizes": (1,), "budget_s": 0.5, "device": "cpu"})
    asked = asked.model_copy(update={"measure": measure, "pictures": False})
    edit = Editing(lambda: shutil.copyfile(other, file))
    with pytest.raises(SpecError, match=r"net\.onnx: was changed while the run was at work, so no results are"):
        run_study(asked, runs=tmp_path / "runs", store=tmp_path / "store", progress=edit)
    assert not (tmp_path / "runs" / asked.name).exists()
    file.write_bytes(first)
    whole = run_study(asked, runs=tmp_path / "runs", store=tmp_path / "store")
    anew = run_study(asked, runs=tmp_path / "others", store=tmp_path / "new")
    sizes = [[row.export and row.export.sha256 for row in run.results.rows] for run in (whole, anew)]
    assert sizes[0] == sizes[1]


def test_what_is_copied_is_what_was_asked_for(
    tmp_path: Path, digits: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file changes between the look at it and the copy, nothing is kept under the first one's name."""
    file = cnn(tmp_path / "net.onnx", 8)
    asked = study_of(file, digits, [0.5], 0)
    got = Stages._get

    def late(stages: Stages, stage: str, *asked: Any) -> Any:
        cnn(file, 4)
        return got(stages, stage, *asked)

    monkeypatch.setattr(Stages, "_get", late)
    with pytest.raises(SpecError, match=r"net\.onnx: was changed while the run was at work"):
        run_study(asked, runs=tmp_path / "runs", store=tmp_path / "store")
    assert not list((tmp_path / "store").glob("take_onnx/*/manifest.json"))
