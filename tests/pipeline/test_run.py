"""The whole road on real digits: small, but nothing in it is made up."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from onnx import helper

import harness.compare.timings
from harness.base.progress import Silent
from harness.base.store import Store
from harness.compare import Labelled, disagreements
from harness.compare.results import read_results
from harness.pipeline.folder import write_run
from harness.pipeline.measuring import measured
from harness.pipeline.rows import Outcome, planned
from harness.pipeline.run import Run, run_study
from harness.pipeline.stages import Stages
from harness.spec import Study, checked
from harness.spec.names import file_name
from tests.cli.test_app import in_process
from tests.onnx_files import cnn, save, tensor
from tests.synthetic import make_export

STUDY: dict[str, Any] = {
    "name": "small",
    "seeds": [0, 1],
    "data": {"limit": 400},
    "train": {"epochs": 2, "batch_size": 32},
    "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
    "networks": [
        {
            "model": "single_conv",
            "options": {"filters": 8},
            "prune": [
                {"filters": 1, "rows": "first"},
                {"filters": 1},
                {"ratio": 0.5, "finetune_epochs": 1},
                {"ratio": 0.001},
            ],
        }
    ],
}


def study(**values: Any) -> Study:
    return checked(Study, {**STUDY, **values}, "study")


@dataclass(frozen=True)
class Place:
    folder: Path

    def run(self, asked: Study, progress: Any = None) -> Run:
        return run_study(asked, runs=self.folder / "runs", store=self.folder / "store", progress=progress)

    def artifacts(self, stage: str) -> dict[str, int]:
        """When each artifact of a stage was made, in nanoseconds."""
        return {
            path.parent.name: path.stat().st_mtime_ns
            for path in (self.folder / "store" / stage).glob("*/manifest.json")
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("road"))


@pytest.fixture(scope="module")
def finished(place: Place) -> Run:
    return place.run(study())


def test_every_row_that_could_work_has_everything(finished: Run) -> None:
    rows = [row for row in finished.results.rows if row.prune is None or row.prune.ratio != 0.001]
    assert len(rows) == 10
    for row in rows:
        assert row.error is None
        assert row.export is not None
        assert row.export.parity.examples == 80
        assert row.export.parity.top1_disagreements == 0
        assert row.accuracy is not None
        assert row.accuracy.examples == 80
        assert row.accuracy.device == "cpu"


def test_a_row_that_fails_says_why_and_loses_no_other(finished: Run) -> None:
    failed = [row for row in finished.results.rows if row.error]
    assert [row.prune.ratio for row in failed if row.prune] == [0.001, 0.001]
    for row in failed:
        assert "\n" not in (row.error or "")
        assert row.accuracy is None


def test_pruned_networks_are_proved_but_for_the_control(finished: Run) -> None:
    for row in finished.results.rows:
        if row.pruning is not None and row.prune is not None:
            assert (row.pruning.proof is None) == (row.prune.rows == "first")
            assert row.pruning.proof is None or row.pruning.proof.holds
            assert row.pruning.parameters_after < row.pruning.parameters_before


def test_each_architecture_is_measured_once_and_each_pair_can_be_compared(finished: Run) -> None:
    (measurement,) = finished.results.measurements
    architectures = {row.export.architecture for row in finished.results.rows if row.export}
    assert len(measurement.models) == len(architectures) == 3
    for candidate in (1, 2):
        assert measurement.compare(0, candidate, 1).verdict in {"faster", "slower", "equivalent", "inconclusive"}


def test_the_original_is_trained_on_as_long_as_what_is_pruned(finished: Run) -> None:
    """From the same weights, on the same examples: its training goes on, and its graph is the original's."""
    longer = [row for row in finished.results.rows if row.longer_epochs]
    originals = [row for row in finished.results.rows if row.original]
    assert [row.name for row in longer] == [f"single_conv seed={seed} original, tuned 1" for seed in (0, 1)]
    for row, original in zip(longer, originals, strict=True):
        assert row.tuning is not None
        assert row.training == original.training
        assert len(row.tuning.history["loss"]) == 1
        assert row.export is not None
        assert original.export is not None
        assert row.export.architecture == original.export.architecture
        assert row.export.sha256 != original.export.sha256
    tuned = next(row.pruning.finetune for row in finished.results.rows if row.pruning and row.pruning.finetune)
    assert len(tuned.history["loss"]) == 1


def test_the_run_folder_holds_results_report_and_onnx_files(finished: Run) -> None:
    assert read_results(finished.folder) == finished.results
    assert finished.report.is_file()
    names = {path.stem for path in (finished.folder / "models").glob("*.onnx")}
    assert names == {file_name(row.name) for row in finished.results.rows if row.export}
    assert [path.name for path in finished.folder.parent.iterdir()] == ["small"]


def test_results_hold_what_each_test_example_is_and_what_it_was_taken_for(finished: Run) -> None:
    """Right answers are the labels, others are not; and pictures are those of the examples that the report shows."""
    ((digest, examples),) = finished.results.example_sets.items()
    assert (len(examples.numbers), len(examples.class_names)) == (80, 10)
    for row in (row for row in finished.results.rows if row.accuracy is not None):
        assert row.accuracy is not None
        assert row.examples == digest
        given = row.accuracy.answers(examples.numbers)
        assert given is not None
        right = [answer == label for answer, label in zip(given, examples.numbers, strict=True)]
        assert "".join("01"[each] for each in right) == row.accuracy.correct
    answers = finished.written.answers
    labelled = Labelled.of(finished.results, answers)
    found = [disagreements(labelled, variant.key, reference.key) for variant, reference in answers.swaps]
    assert examples.pictures.keys() == {each.number for one in found if one is not None for each in one.shown}
    assert "Accuracy by class" in finished.report.read_text()


def test_pictures_can_be_left_out(place: Place, finished: Run) -> None:
    place = Place(place.folder / "without")
    shutil.copytree(finished.folder.parents[1] / "store", place.folder / "store")
    (examples,) = place.run(study(pictures=False)).results.example_sets.values()
    assert examples.pictures == {}
    assert examples.numbers


def test_again_with_nothing_changed_nothing_is_made(place: Place, finished: Run) -> None:
    stages = ("train", "prune", "export", "accuracy", "measure")
    before = {stage: place.artifacts(stage) for stage in stages}
    again = place.run(study())
    assert {stage: place.artifacts(stage) for stage in stages} == before
    assert again.results.rows == finished.results.rows
    assert again.results.measurements == finished.results.measurements


def test_a_finished_run_needs_no_keras(place: Place, finished: Run) -> None:
    """In a fresh process, a run whose every stage is in the store imports neither Keras nor TensorFlow."""
    (network,) = STUDY["networks"]
    asked = study(networks=[{**network, "prune": network["prune"][:-1]}])  # a row that failed is tried again
    code = (
        "import sys; from pathlib import Path\n"
        "from harness.pipeline.run import run_study; from harness.spec import Study\n"
        f"study = Study.model_validate_json({asked.model_dump_json()!r})\n"
        f"run_study(study, runs=Path({str(place.folder / 'runs')!r}), store=Path({str(place.folder / 'store')!r}))\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_network_that_is_not_deployed_is_judged_in_keras(tmp_path: Path) -> None:
    """Its prunings too, by data where the importance asks for it; nothing of them is kept but figures."""
    networks = [
        {
            "model": "single_conv",
            "options": {"filters": 4},
            "deploy": False,
            "prune": [{"filters": 1, "importance": ["taylor", "apoz"]}, {"remove": {"conv_1": [2]}, "rows": "first"}],
        },
        {"model": "single_conv", "options": {"filters": 3}, "vary": {"padding": ["same"]}, "deploy": False},
    ]
    place = Place(tmp_path)
    done = place.run(study(data={"limit": 200}, train={"epochs": 2}, seeds=[0], networks=networks))
    assert [row.error for row in done.results.rows] == [None] * 5
    assert done.results.measurements == ()
    assert done.written.answers.longer == (), "nothing was fine-tuned"
    for row in done.results.rows:
        assert row.export is None
        assert row.accuracy is not None
        assert (row.accuracy.device, row.accuracy.examples) == ("keras", 40)
        assert row.training is not None
        assert row.training.examples == 160
    kept = [path.parent.name for path in (tmp_path / "store").rglob("model.*")]
    assert len(kept) == 1, "the original that is pruned"
    assert not list((done.folder / "models").iterdir())
    assert "Keras" in (done.folder / "report.md").read_text()


def test_a_damaged_file_is_noticed_and_made_again(
    place: Place, finished: Run, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = sorted((place.folder / "store" / "export").glob("*/model.onnx"))[0]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-100])
    again = place.run(study())
    assert "model.onnx is damaged; made again" in caplog.text
    assert damaged.read_bytes() == whole
    assert again.results.rows == finished.results.rows


class Interrupting(Silent):
    """Presses Ctrl-C when the first case is finished."""

    @contextmanager
    def task(self, name: str, total: float | None = None) -> Iterator[Any]:
        yield self if name.startswith("study") else Silent()

    def advance(self, steps: float = 1, note: str = "") -> None:
        raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    network = {"model": "single_conv", "options": {"filters": 8}, "prune": [{"filters": 1, "finetune_epochs": 1}]}
    place, asked = Place(tmp_path), study(data={"limit": 100}, train={"epochs": 1}, networks=[network])
    with pytest.raises(KeyboardInterrupt):
        place.run(asked, Interrupting())
    first = place.artifacts("train")
    assert len(first) == 1
    assert not (tmp_path / "runs" / "small").exists()
    place.run(asked)
    assert len(place.artifacts("train")) == 2
    assert first.items() <= place.artifacts("train").items()


def test_the_exit_code_is_1_when_a_row_failed(
    tmp_path: Path, place: Place, finished: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["name = 'small'", "seeds = [0, 1]", "data.limit = 400", "train = {epochs = 2, batch_size = 32}"]
    lines += ["measure = {batch_sizes = [1], budget_s = 1, device = 'cpu'}", "[[networks]]", "model = 'single_conv'"]
    lines += ["options.filters = 8", "prune = [{filters = 1, rows = 'first'}, {filters = 1},"]
    lines += ["{ratio = 0.5, finetune_epochs = 1}, {ratio = 0.001}]"]
    (tmp_path / "small.toml").write_text("\n".join(lines))
    places = ("--output", str(place.folder / "runs"), "--store", str(place.folder / "store"))
    code, stdout, stderr = in_process(capsys, "run", str(tmp_path / "small.toml"), *places, "--json", "--quiet")
    assert code == 1
    assert json.loads(stdout)["study"] == "small"
    assert len(json.loads(stdout)["findings"]) == len(finished.written.findings)
    assert [line.partition(": ")[0] for line in stderr.splitlines()] == ["single_conv seed=0 0.1 % and 1 more"]


def test_the_answers_are_computed_once(
    tmp_path: Path, finished: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report, what the measurement says of itself, and the JSON: all from one comparison."""
    made = []
    judge = harness.compare.timings.judge
    monkeypatch.setattr(harness.compare.timings, "judge", lambda *pairs: made.append(1) or judge(*pairs))
    write_run(tmp_path / "run", finished.results, [])
    assert len(made) == 1
    code, _, _ = in_process(capsys, "report", str(tmp_path / "run"), "--json")
    assert (code, len(made)) == (0, 2)


def test_what_takes_other_inputs_is_measured_apart(tmp_path: Path) -> None:
    """Each original with what was pruned from it; the budget is shared out by the number of graphs."""
    prune = [{"ratio": 0.5}]
    network = {"model": "single_conv", "vary": {"data.resize": [[8, 8], [5, 5]]}, "prune": prune}
    asked = study(networks=[network], seeds=[0])
    relu = helper.make_node("Relu", ["image"], ["scores"], name="relu")
    files = [
        cnn(tmp_path / "wide.onnx", 8),
        cnn(tmp_path / "slim.onnx", 4),
        save(tmp_path / "one.onnx", [relu], [tensor("image", ["N", 1, 5, 5])], [tensor("scores", ["N", 1, 5, 5])]),
        save(tmp_path / "two.onnx", [relu], [tensor("image", [1, 1, 5, 5])], [tensor("scores", [1, 1, 5, 5])]),
    ]
    rows = [row for case in asked.cases() for row in planned(case)]
    outcomes = [
        Outcome(row.model_copy(update={"export": make_export(row, 1)}), file)
        for row, file in zip(rows, files, strict=True)
    ]
    stages = Stages(Store(tmp_path / "store"), "cpu", Silent(), {})
    found = list(measured(stages, asked, outcomes))
    assert [[Path(model.path).stem for model in each.models] for each in found] == [["wide", "slim"], ["one", "two"]]
    assert [each.inputs[0].shape for each in found] == [(1, 8, 8), (1, 5, 5)]
    assert [each.spec.budget_s for each in found] == [0.5, 0.5]
