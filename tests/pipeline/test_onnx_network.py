"""Studies and frontiers of an ONNX file: pruned, reconstructed, judged and measured without training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from harness.measure.latency import profiling
from harness.pipeline.run import run_study
from harness.prune.speed import trial
from harness.spec import DataSpec, Study, checked, study_of
from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

Captured = pytest.CaptureFixture[str]
CLASSES = 3


def stripes(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 9, 9, 3), channels last, in which a bright stripe tells the class."""
    labels = np.arange(count) % CLASSES
    images = np.random.default_rng(0).uniform(0, 0.6, (count, 9, 9, 3)).astype(np.float32)
    for label in range(CLASSES):
        images[labels == label, 3 * label : 3 * label + 2] += 0.35
    return images, labels


def classifier(path: Path, batch: int | str = "N") -> Path:
    """Two random convolutions, and a Gemm by least squares, which answers most of the stripes; channels first."""

    def body() -> tuple[Net, str]:
        net = Net(seed=1)
        x = net.op("Relu", net.conv("image", 3, 24, name="conv_1"))
        x = net.op("Relu", net.conv(x, 24, 24, name="conv_2"))
        return net, net.op("Flatten", net.op("AveragePool", x, kernel_shape=[3, 3], strides=[3, 3]))

    inputs = [tensor("image", (batch, 3, 9, 9))]
    images, labels = stripes()
    net, rows = body()
    session = onnxruntime.InferenceSession(net.save(path, [rows], [tensor("image", ("N", 3, 9, 9))]))
    (features,) = session.run(None, {"image": np.moveaxis(images, -1, 1)})
    design = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    solved = np.linalg.solve(design.T @ design + np.eye(design.shape[1]), design.T @ np.eye(CLASSES)[labels])
    net, rows = body()
    logits = net.op("Gemm", rows, net.constant(solved[:-1]), net.constant(solved[-1]), name="head")
    return net.save(path, [logits], inputs)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file beside its data. Tables are short; a busy machine's tries count as they are."""
    images, labels = stripes()
    np.savez(tmp_path / "stripes.npz", images=images, labels=labels)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profiling, "FEWEST_DESIGNS", 5)
    monkeypatch.setattr(profiling, "BUDGET_S", 0.2)
    monkeypatch.setattr(trial, "_met", lambda asked, reached: True)
    return classifier(tmp_path / "net.onnx")


def test_a_frontier_is_walked_without_training(net: Path, capsys: Captured) -> None:
    words = ["--data", "npz:stripes.npz", "--scale", "raw", "--targets", "1.3", "--batch", "1", "--device", "cpu"]
    code, out, err = in_process(
        capsys, "frontier", "net.onnx", *words, "--uniform", "0.5", "--budget", "2", "--json", "--quiet"
    )
    assert code == 0, err
    told = json.loads(out)
    dots = {dot["variant"]: dot for dot in told["dots"]}
    assert len(dots) == 5
    chosen = dots["latency-chosen for 1.3×"]
    assert dots["latency-chosen for 1.3× (random channels)"]["widths"] == chosen["widths"]
    assert chosen["command"].startswith("harness prune net.onnx --speedup 1.3 --batch 1 --device cpu")
    assert min(chosen["widths"]["conv_1"], chosen["widths"]["conv_2"]) < 24
    uniform = dots["uniform, as fast as for 1.3×"]
    assert 0 < uniform["widths"]["conv_1"] == uniform["widths"]["conv_2"] < 24
    assert uniform["command"].startswith("harness prune net.onnx --ratio 0.")
    original = next(row for row in told["rows"] if row["prune"] is None)
    assert original["accuracy"]["correct"].count("1") > 45
    assert original["export"]["parity"] is None
    assert all(row["pruning"]["reconstruction"] for row in told["rows"] if row["prune"])
    run = Path("runs/net-frontier")
    assert len(list(run.glob("models/*.onnx"))) == 5
    page = (run / "report.md").read_text(encoding="utf-8")
    assert "net.onnx" in page
    assert "Parity" not in page
    assert "harness frontier net.onnx --data npz:stripes.npz --scale raw --targets 1.3" in page


def test_a_file_of_one_batch_size_is_walked_at_that(net: Path, capsys: Captured) -> None:
    classifier(net, batch=2)
    words = ["--data", "npz:stripes.npz", "--scale", "raw", "--targets", "1.2", "--device", "cpu", "--uniform", ""]
    code, out, err = in_process(capsys, "frontier", "net.onnx", *words, "--budget", "1", "--json", "--quiet")
    assert code == 0, err
    assert json.loads(out)["spec"]["batch_sizes"] == [2]


STUDY = {
    "name": "files",
    "seeds": [0, 1],
    "data": {"name": "npz:stripes.npz", "scale": "raw"},
    "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
    "networks": [
        {
            "model": "net.onnx",
            "prune": [
                {"ratio": 0.5},
                {"ratio": 0.5, "recover": "reconstruct"},
                {"ratio": 0.5, "recover": "reconstruct", "baseline": "random"},
            ],
        }
    ],
}


def test_a_study_of_a_file_keeps_what_it_made_and_its_variants_can_be_bundled(
    net: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> list[dict[str, object]]:
        found = run_study(checked(Study, STUDY, "study"), runs=tmp_path / "runs", store=tmp_path / "store")
        return [row.model_dump(mode="json") for row in found.results.rows]

    rows = run()
    assert [row["error"] for row in rows] == [None] * 8
    by_seed = [row["pruning"]["plan"]["kept"]["conv_1"] for row in rows if "random" in str(row["prune"])]  # type: ignore[index]
    assert by_seed[0] != by_seed[1]
    plain, solved = (row["pruning"] for row in rows[1:3])
    assert plain["plan"] == solved["plan"]  # type: ignore[index]
    assert "reconstruction" not in plain  # type: ignore[operator]
    assert solved["proof"]["trials"]["weights carried over"] == 0  # type: ignore[index]
    monkeypatch.setattr("harness.pipeline.stages.prune_into", None)
    assert run() == rows
    code, _, err = in_process(capsys, "bundle", "runs/files", "net seed=0 50 %, reconstructed", "-o", "shipped", "-q")
    assert code == 0, err
    manifest = json.loads(Path("shipped/manifest.json").read_text(encoding="utf-8"))
    assert manifest["parity"] is None
    assert manifest["plan"]["kept"]["conv_1"]
    assert in_process(capsys, "validate", "shipped", "--quiet")[0] == 0


def test_the_study_of_a_file_reconstructs(net: Path, tmp_path: Path) -> None:
    """What `harness run net.onnx` asks."""
    asked = study_of(net, DataSpec(name="npz:stripes.npz", scale="raw"), [0.5], 0)
    measure = asked.measure.model_copy(update={"batch_sizes": (1,), "budget_s": 1.0, "device": "cpu"})
    asked = asked.model_copy(update={"measure": measure})
    rows = run_study(asked, runs=tmp_path / "runs", store=tmp_path / "store").results.rows
    assert [row.error for row in rows] == [None] * 2
    assert rows[1].prune is not None
    assert rows[1].prune.recover == "reconstruct"
    assert rows[1].accuracy is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "mnist5k"], "takes 3x9x9 for each example, and the data has 28x28x1"),
        (["--data", "npz:stripes.npz", "--finetune-epochs", "1"], "--finetune-epochs: for Keras models alone"),
        ([], "what is it trained on? give --data"),
    ],
)
def test_run_takes_a_file_and_says_what_is_wrong(net: Path, capsys: Captured, words: list[str], said: str) -> None:
    code, out, err = in_process(capsys, "run", "net.onnx", *words, "--quiet")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("prune", "said"),
    [
        ({"ratio": 0.5, "finetune_epochs": 1}, "leave out finetune_epochs"),
        ({"ratio": 0.5, "importance": "taylor"}, "leave out importance = 'taylor'"),
        ({"ratio": 0.5, "finetune_epochs": 1, "baseline": "scratch"}, "which an ONNX file does not have"),
        ({"ratio": 0.5, "rows": "first"}, "leave out rows = 'first'"),
    ],
)
def test_a_study_that_would_train_a_file_is_refused(
    net: Path, capsys: Captured, prune: dict[str, object], said: str
) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in prune.items()]
    table = ["name = 'x'", "data.name = 'npz:stripes.npz'", "[[networks]]", "model = 'net.onnx'"]
    Path("x.toml").write_text("\n".join([*table, "[[networks.prune]]", *lines]), encoding="utf-8")
    code, out, err = in_process(capsys, "run", "x.toml", "--quiet")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"deploy": False}, "leave out deploy = false"),
        ({"options": {"filters": 3}}, "an .onnx file has no options"),
        ({"model": "gone.onnx"}, "gone.onnx: can't be read"),
        ({"data": {"name": "mnist5k"}}, "takes 3x9x9 for each example, and the data has 28x28x1"),
        ({"model": "pairs.onnx"}, "takes 2 at once and no other number; give --batch 2 (measure.batch_sizes = [2]"),
        ({"data": {"name": "npz:more.npz"}}, "tells 3 classes apart, and the labels go up to 3"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_anything_is_made(
    net: Path, tmp_path: Path, capsys: Captured, extra: dict[str, object], said: str
) -> None:
    images, labels = stripes()
    np.savez(tmp_path / "more.npz", images=images, labels=(labels + np.arange(len(labels)) // 150))
    classifier(tmp_path / "pairs.onnx", batch=2)
    network = {"model": "net.onnx", "prune": [{"ratio": 0.5}], **extra}
    lines = [f"{key} = {_toml(value)}" for key, value in network.items()]
    head = ["name = 'x'", "data = {name = 'npz:stripes.npz', scale = 'raw'}", "[[networks]]"]
    Path("x.toml").write_text("\n".join([*head, *lines]), encoding="utf-8")
    code, out, err = in_process(capsys, "run", "x.toml", "--quiet")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not Path("runs/x").exists()


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
