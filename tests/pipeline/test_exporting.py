"""A study says how its ONNX files are written: they are, and measured, evaluated and bundled as they take it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from harness.deploy.bundling import write_bundle
from harness.deploy.source.from_run import evidence_of_run
from harness.measure.files.model_file import read_model
from harness.pipeline.run import Run, run_study
from harness.records import Metadata
from harness.spec import ExportSpec, Study, checked

ASKED = ExportSpec(batch=4, layout="nchw", float16_inputs=True, opset=19)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Color images, so that channels first is no mere reshape."""
    folder = tmp_path_factory.mktemp("asked")
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 2
    images = rng.integers(0, 100, (240, 8, 8, 3), np.uint8)
    images[labels == 1, :, :, 2] += 150
    np.savez(folder / "data.npz", images=images, labels=labels)
    values = {
        "name": "asked",
        "data": {"name": f"npz:{folder / 'data.npz'}"},
        "train": {"epochs": 4, "learning_rate": 0.01},
        "measure": {"batch_sizes": [4], "budget_s": 1, "device": "cpu"},
        "export": ASKED.model_dump(),
        "networks": [{"model": "single_conv", "options": {"filters": 4}, "prune": [{"ratio": 0.5}]}],
    }
    study = checked(Study, values, "study")
    return run_study(study, runs=folder / "runs", store=folder / "store")


def files(run: Run) -> list[Path]:
    return sorted((run.folder / "models").glob("*.onnx"))


def test_every_file_takes_what_was_asked(run: Run) -> None:
    assert [row.error for row in run.results.rows] == [None, None]
    for path in files(run):
        (one,) = read_model(path).inputs
        assert (one.shape, one.dtype) == ((4, 3, 8, 8), "float16")
        assert read_model(path).opset == 19
    assert [row.export.asked for row in run.results.rows if row.export] == [ASKED, ASKED]


def test_it_is_evaluated_and_measured(run: Run) -> None:
    """The accuracy in onnxruntime, on images that were turned, is what Keras answers."""
    for row in run.results.rows:
        assert row.export is not None
        assert row.export.accuracy is not None
        assert row.accuracy is not None
        assert abs(row.accuracy.hits - row.export.accuracy.hits) <= row.export.parity.ties + 1
    assert run.results.rows[0].accuracy is not None
    assert run.results.rows[0].accuracy.value > 0.8
    (measurement,) = run.results.measurements
    assert {row.batch for row in measurement.rows} == {4}


def test_every_file_says_where_it_comes_from(run: Run) -> None:
    plans = []
    for path in files(run):
        said = Metadata.of({entry.key: entry.value for entry in onnx.load(path).metadata_props})
        assert said.source is not None
        assert said.preprocessing is not None
        assert said.preprocessing.scale == "unit"
        assert said.labels == ("0", "1")
        plans.append(said.plan)
    assert [plan is None for plan in plans] == [False, True]  # 50 %, original
    assert plans[0] == run.results.rows[1].pruning.plan  # type: ignore[union-attr]


def test_a_variant_can_be_bundled(run: Run, tmp_path: Path) -> None:
    known = evidence_of_run(run.folder, "50 %")
    assert known.channels_first
    assert known.dataset.test_images.shape[1:] == (3, 8, 8)
    manifest = write_bundle(known, tmp_path / "bundle")
    (taken,) = manifest.inputs
    assert taken.axes == ("batch", "channels", "height", "width")
    assert (taken.shape, taken.dtype) == ((4, 3, 8, 8), "float16")
    assert manifest.source == known.source is not None
