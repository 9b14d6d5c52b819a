"""A run in MLflow, in its own format on this disk: parameters, metrics and files, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import SpecError
from harness.pipeline.stages import save
from harness.report.tracking import TAG, track
from harness.spec.names import file_name
from tests.cli.test_app import in_process
from tests.compare.worlds import STUDY
from tests.synthetic import results_of

RESULTS = results_of(STUDY.model_copy(update={"networks": STUDY.networks[1:], "seeds": (0,)}))


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow without a server."""
    mlflow = pytest.importorskip("mlflow", reason="needs the extra mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return mlflow.MlflowClient(f"file:{tmp_path / 'mlruns'}")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose first network alone has its file."""
    folder = tmp_path / "small"
    (folder / "models").mkdir(parents=True)
    save(RESULTS, folder / "results.json")
    (folder / "models" / f"{file_name(RESULTS.rows[0].name)}.onnx").write_bytes(b"a network")
    return folder


def test_each_network_is_a_run_below_its_study(
    client: Any, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = f"file:{tmp_path / 'mlruns'}"
    code, out, _ = in_process(capsys, "results", str(run), "--mlflow", uri)
    assert (code, out) == (0, f"small: {len(RESULTS.rows)} networks logged\n")
    experiment = client.get_experiment_by_name("small").experiment_id
    found = client.search_runs([experiment])
    (study,) = [each for each in found if TAG in each.data.tags]
    logged = {each.info.run_name: each for each in found if each is not study}
    assert set(logged) == {row.name for row in RESULTS.rows}
    for row in RESULTS.rows:
        each = logged[row.name]
        assert row.accuracy is not None
        assert row.export is not None
        assert each.data.tags["mlflow.parentRunId"] == study.info.run_id
        assert each.data.params["seed"] == str(row.case.seed)
        assert each.data.params["train.epochs"] == str(row.case.train.epochs)
        assert each.data.params.get("prune.ratio") == (
            f"{row.prune.ratio:g}" if row.prune and row.prune.ratio else None
        )
        assert each.data.metrics["accuracy"] == row.accuracy.value
        assert each.data.metrics["size_bytes"] == row.export.size_bytes
        assert each.data.metrics["variant.latency_us_batch_1"] > 0
        assert ("variant.speedup_batch_1" in each.data.metrics) == (row.prune is not None)
    assert [file.path for file in client.list_artifacts(study.info.run_id)] == ["results.json"]
    (file,) = client.list_artifacts(logged[RESULTS.rows[0].name].info.run_id)
    assert file.path == f"{file_name(RESULTS.rows[0].name)}.onnx"
    assert track(run, uri).networks == 0, "it is there already"
    assert len(client.search_runs([experiment])) == len(found)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "nosuch://here"])
def test_an_address_that_does_not_work_is_one_line(client: Any, run: Path, uri: str) -> None:
    with pytest.raises(SpecError, match=f"^--mlflow {uri}: failed .*; check the address") as refused:
        track(run, uri)
    assert "\n" not in str(refused.value)


def test_a_package_that_is_missing_is_named(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(SpecError, match=r"install prune-harness\[mlflow\]$"):
        track(run, "http://127.0.0.1:9")


def test_an_empty_address_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an unset variable gives it; MLflow itself would take that for a folder of its own choice."""
    monkeypatch.chdir(tmp_path)
    code, out, err = in_process(capsys, "results", "nosuch", "--mlflow", "")
    assert (code, out) == (2, "")
    assert err == "harness: --mlflow: is empty; give the address of a tracking server, such as http://HOST:5000\n"
    assert list(tmp_path.iterdir()) == []


def test_two_answers_at_once_are_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = in_process(capsys, "results", str(run), "--mlflow", "http://127.0.0.1:9", "--format", "csv")
    assert (code, err) == (2, "harness: --mlflow and --format are two answers; give one of them\n")
