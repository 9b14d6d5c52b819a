"""With labels, a prune of an ONNX file tells how many test examples are right: what `harness evaluate` says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow

Captured = pytest.CaptureFixture[str]


def classifier(path: Path, classes: int = 4) -> Path:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 12, name="first"))
    rows = net.op("Flatten", net.op("GlobalMaxPool", net.op("Relu", net.conv(x, 12, 12, name="second"))))
    return net.save(path, [net.dense(rows, 12, classes, name="head")], [tensor("image", ("N", 3, 6, 6))])


def data(folder: Path) -> list[str]:
    rng = np.random.default_rng(0)
    images, labels = rng.random((400, 6, 6, 3), np.float32), rng.integers(0, 4, 400)
    np.savez(folder / "data.npz", images=images, labels=labels)
    return ["--data", f"npz:{folder / 'data.npz'}"]


def told(capsys: Captured, *words: object) -> dict[str, object]:
    code, out, err = in_process(capsys, *map(str, words), "--json", "--quiet")
    assert code in (0, 1), err
    found: dict[str, object] = json.loads(out)
    return found


def test_it_is_what_evaluate_says(tmp_path: Path, capsys: Captured) -> None:
    source, words = classifier(tmp_path / "net.onnx"), data(tmp_path)
    about = told(capsys, "prune", source, "--ratio", 0.5, "--reconstruct", *words)
    recovery, pruned = about["recovery"], tmp_path / "net-pruned.onnx"
    found = told(capsys, "evaluate", source, pruned, *words)["models"]
    assert recovery["examples"] == 80  # type: ignore[index]
    for name, model in zip(("original", "reconstructed"), found, strict=True):  # type: ignore[call-overload]
        assert recovery[name] == pytest.approx(model["accuracy"]["value"])  # type: ignore[index]
    told(capsys, "prune", source, "--ratio", 0.5)
    (cut,) = told(capsys, "evaluate", pruned, *words)["models"]  # type: ignore[misc]
    assert recovery["pruned"] == pytest.approx(cut["accuracy"]["value"])  # type: ignore[index]


def test_in_words(tmp_path: Path, capsys: Captured) -> None:
    code, out, _ = in_process(
        capsys, "prune", str(classifier(tmp_path / "net.onnx")), "--ratio", "0.5", *data(tmp_path), "--quiet"
    )
    assert code == 0
    assert "accuracy on 80 test examples:" in out


def test_where_it_can_not_be_told_it_is_said_why(tmp_path: Path, capsys: Captured) -> None:
    """Labels up to 3 and two classes: what is pruned is pruned all the same."""
    source = classifier(tmp_path / "net.onnx", classes=2)
    about = told(capsys, "prune", source, "--ratio", 0.5, *data(tmp_path))
    assert about["recovery"] is None
    assert about["no_accuracy"] == "the model tells 2 classes apart, and the labels go up to 3"
    assert about["agreement"]["examples"]  # type: ignore[index]
