"""The benchmarks stand on networks of known cost, and find what a run exported."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from bench.cases import curve, keep
from bench.cuda import exported_networks, markdown, own_networks
from bench.exported import networks
from bench.exporters import Found
from bench.exporters import markdown as exporters_page
from bench.exporters import unmet as exporters_unmet
from bench.networks import chain, classifier
from bench.prune_onnx import markdown as prune_onnx_page
from bench.prune_onnx import once
from harness import report
from harness.measure.files.macs import count_macs
from harness.measure.files.model_file import read_model
from harness.measure.inputs.feed import describe_inputs
from harness.measure.runtime.session import SessionSettings, open_session
from harness.pipeline.run import Run
from harness.spec import Study
from tests.measurements import ENVIRONMENT, measurement
from tests.onnx_files import cnn
from tests.synthetic import results_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("blocks", "more"), [(105, 1.05), (101, 1.01)])
def test_a_planted_slow_down_is_that_much_more_of_the_same_work(tmp_path: Path, blocks: int, more: float) -> None:
    """Identical blocks, and one kernel shared by all, so that the work grows and the memory doesn't."""
    shapes = {"input": (1, 8, 6, 6)}
    base = chain(tmp_path / "base.onnx", 100, channels=8, side=6)
    slower = chain(tmp_path / "slower.onnx", blocks, channels=8, side=6)
    ours, theirs = (count_macs(onnx.load(path), shapes).total for path in (base, slower))
    assert ours is not None
    assert theirs == pytest.approx(more * ours)
    assert read_model(base).parameters == read_model(slower).parameters


def test_the_networks_run_and_stay_finite(tmp_path: Path) -> None:
    """Values that overflow or vanish would make slow denormal arithmetic of it."""
    rng = np.random.default_rng(0)
    for path, shape in (
        (chain(tmp_path / "chain.onnx", 105, channels=8, side=6), (2, 8, 6, 6)),
        (classifier(tmp_path / "classifier.onnx", (16, 32)), (2, 1, 28, 28)),
    ):
        answer = open_session(path, SessionSettings()).run(None, {"input": rng.random(shape, dtype=np.float32)})[0]
        assert np.isfinite(answer).all()
        assert 1e-20 < np.abs(answer).max() < 1e20


def test_without_a_run_or_a_folder_there_are_networks_all_the_same(tmp_path: Path) -> None:
    found = networks(tmp_path / "no-run", None, tmp_path)
    assert [one.name for one in found] == ["classifier-16-32", "classifier-32-64"]
    assert all(one.path.is_file() for one in found)


def test_a_folder_s_files_are_found(tmp_path: Path) -> None:
    cnn(tmp_path / "b.onnx")
    (tmp_path / "inner").mkdir()
    cnn(tmp_path / "inner" / "a.onnx")
    assert {one.name for one in networks(None, tmp_path, tmp_path)} == {"a", "b"}


def test_exported_files_are_grouped_by_what_they_take(tmp_path: Path) -> None:
    cnn(tmp_path / "a.onnx")
    cnn(tmp_path / "b.onnx", filters=4)
    classifier(tmp_path / "c.onnx", (8,))
    groups = exported_networks(tmp_path)
    assert [[path.stem for path in paths] for paths in groups.values()] == [["a", "b"], ["c"]]


def test_the_groups_for_cuda_are_measurable_together(tmp_path: Path) -> None:
    for paths in own_networks(tmp_path).values():
        describe_inputs([(path, read_model(path).inputs) for path in paths])  # raises where they differ


def test_figures_are_written_with_their_intervals() -> None:
    gpu = {"name": "NVIDIA X", "driver_version": "580", "clocks.max.sm": "1980 MHz"}
    text = markdown({"widths": measurement()}, {**ENVIRONMENT, "gpus": [gpu]})
    assert "NVIDIA X, driver 580" in text
    assert "| model1 | 1 | end_to_end | cpu | 5" in text
    assert "| faster |" in text


def test_a_case_studys_figures_are_kept_without_what_is_large(tmp_path: Path) -> None:
    """The report with its charts, and the answers as JSON; neither ONNX files nor raw samples."""
    study = Study.model_validate({"name": "small", "networks": [{"model": "single_conv", "prune": [{"filters": 1}]}]})
    results = results_of(study)
    folder = tmp_path / "runs" / "small"
    folder.mkdir(parents=True)
    written = report.write(results, folder)
    (tmp_path / "results" / "small").mkdir(parents=True)
    (tmp_path / "results" / "small" / "old.txt").touch()
    kept = keep(Run(folder, results, written), tmp_path / "results")
    assert {path.name for path in kept.iterdir()} == {"report.md", "charts", "answers.json"}
    assert [chart.suffix for chart in (kept / "charts").iterdir()] == [".png"] * len(written.charts[::2])
    assert json.loads((kept / "answers.json").read_text()) == [report.as_json(results)]


def test_make_knows_each_target_once() -> None:
    """It warns of two recipes for one, and then runs the second."""
    done = subprocess.run(["make", "-n", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_curve_of_a_training_in_steps_is_kept_as_numbers(tmp_path: Path) -> None:
    """A row for each point; a study in epochs has no curve."""
    network = {"model": "single_conv", "vary": {"data.label_noise": [0.0, 0.5]}, "deploy": False}
    study = Study.model_validate({"name": "small", "train": {"steps": 20}, "networks": [network]})
    results = results_of(study)
    history = {"loss": (2.5, None), "val_loss": (2.25, 2.0)}
    rows = [
        row.model_copy(update={"training": row.training and row.training.model_copy(update={"history": history})})
        for row in results.rows
    ]
    results = results.model_copy(update={"rows": tuple(rows)})
    folder = tmp_path / "runs" / "small"
    folder.mkdir(parents=True)
    written = report.write(results, folder)
    assert "20 steps of adam" in written.markdown.read_text()
    kept = keep(Run(folder, results, written), tmp_path / "results")
    assert (kept / "curve.csv").read_text().splitlines()[:3] == [
        "network,seed,steps,loss,val_loss",
        "single_conv data.label_noise=0,0,10,2.5000,2.2500",
        "single_conv data.label_noise=0,0,20,,2.0000",
    ]
    assert curve(results)[-1]["network"] == "single_conv data.label_noise=0.5"


def test_the_page_beside_pytorchs_exporters_says_what_is_missed() -> None:
    """Which is beside which: theirs as fast as ours at first, then faster by a tenth, which both of ours miss."""
    found = Found("ResNet50", measurement((100.0, 99.0, 100.0, 90.0)))
    missed = exporters_unmet([found])
    assert [line.split(", against")[0] for line in missed] == ["- ResNet50, any batch", "- ResNet50, batch 1"]
    assert all("against TorchScript's exporter: 0.9" in line for line in missed)
    text = exporters_page([found], 10)
    assert all(line in text for line in missed)
    assert "--networks ResNet50" in text
    models = [model.model_copy(update={"macs": 100 + place}) for place, model in enumerate(found.measured.models)]
    other = Found("ResNet50", found.measured.model_copy(update={"models": tuple(models)}))
    with pytest.raises(SystemExit, match="not the same"):
        other.check_same_work()
    seldom = Found("ResNet50", measurement((100.0, 99.0, 100.0, 90.0), launches=1))
    with pytest.raises(SystemExit, match="run it again when the machine is idle, or for longer"):
        seldom.check_measured()
    found.check_measured()


def test_a_residual_network_is_pruned_and_proved(tmp_path: Path) -> None:
    """Small, of the same make as what `make bench-prune-onnx` prunes; and its page."""
    figures = once(width=4)
    assert figures["largest_difference"] <= 1e-5
    made = prune_onnx_page([figures])
    assert f"{figures['largest_difference']:.1e}" in made
