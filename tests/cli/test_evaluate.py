"""`harness evaluate`: the answer on stdout, what is wrong in one line, and the exit code says how it went."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tests.cli.test_app import in_process
from tests.onnx_files import constant, save, tensor


def classifier(path: Path, gains: np.ndarray) -> Path:
    """Scores are the inputs times a matrix: (N, 4) to (N, columns)."""
    node = helper.make_node("MatMul", ["x", "gains"], ["y"])
    sizes = [["N", size] for size in gains.shape]
    return save(path, [node], [tensor("x", sizes[0])], [tensor("y", sizes[1])], [constant("gains", gains, "float32")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`good.onnx` is right on all of `data.npz`, `bad.onnx` gives the next class."""
    labels = np.arange(200) % 4
    images = 0.9 * np.eye(4)[labels] + np.random.default_rng(0).uniform(0, 0.1, (200, 4))
    np.savez(tmp_path / "data.npz", images=images.astype(np.float32), labels=labels)
    classifier(tmp_path / "good.onnx", np.eye(4))
    classifier(tmp_path / "bad.onnx", np.roll(np.eye(4), 1, axis=1))
    return tmp_path


def test_one_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its test examples by default; at chance the exit code is 1."""
    data = f"npz:{folder / 'data.npz'}"
    code, stdout, _ = in_process(capsys, "evaluate", str(folder / "good.onnx"), "--data", data, "--device", "cpu")
    assert code == 0
    assert "100.0 % (95 % interval 91.2 to 100.0) of 40 examples right" in stdout
    words = ["evaluate", str(folder / "bad.onnx"), "--data", data, "--part", "all", "--json", "--quiet"]
    code, stdout, stderr = in_process(capsys, *words)
    found = json.loads(stdout)
    assert (code, stderr) == (1, "")
    assert (found["examples"], found["models"][0]["accuracy"]["hits"]) == (200, 0)
    assert found["models"][0]["classes"][3]["taken_for"] == "0"


def test_two_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", f"npz:{folder / 'data.npz'}", "--quiet"]
    good, bad = str(folder / "good.onnx"), str(folder / "bad.onnx")
    code, stdout, _ = in_process(capsys, "evaluate", good, bad, *data)
    assert code == 1
    assert "the second is less accurate: -100.0" in stdout
    assert "bad.onnx: no better than chance\n" in stdout, "the first shows that numbers and classes are right"
    code, stdout, _ = in_process(capsys, "evaluate", good, good, *data, "--json")
    assert (code, json.loads(stdout)["difference"]["verdict"]) == (0, "inconclusive")


def wrong(folder: Path, kind: str) -> list[str]:
    """Words of a command line with one thing wrong."""
    good, data = str(folder / "good.onnx"), f"npz:{folder / 'data.npz'}"
    (folder / "flat").mkdir()
    words = {
        "no labels": [good, "--data", f"images:{folder / 'flat'}"],
        "unknown": [good, "--data", "mnist6k"],
        "device": [good, "--data", data, "--device", "tpu"],
        "cuda": [good, "--data", data, "--device", "cuda"],
        "part": [good, "--data", data, "--part", "both"],
        "shape": [good, "--data", "mnist5k", "--limit", "100"],
        "missing": [str(folder / "nowhere.onnx"), "--data", data],
        "three": [good, good, good, "--data", data],
    }
    if kind == "not onnx":
        (folder / "text.onnx").write_text("no model")
        return [str(folder / "text.onnx"), "--data", data]
    if kind == "classes":
        return [str(classifier(folder / "three.onnx", np.eye(4)[:, :3])), "--data", data]
    return words[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no labels", "flat: has 0 class folders; it needs one folder for each of at least two classes"),
        ("unknown", "data.name = 'mnist6k' is unknown; use one of mnist5k"),
        ("device", "evaluate: device = 'tpu': input should be 'auto', 'cpu' or 'cuda'"),
        ("cuda", "CUDA"),
        ("part", "--part both: is unknown; use test, train or all"),
        ("shape", "good.onnx: takes 4 for each example, and the data has 28x28x1; give data of that shape"),
        ("missing", "nowhere.onnx: can't be read (No such file or directory)"),
        ("three", "3 files: give one, or two to be compared"),
        ("not onnx", "text.onnx: not an ONNX file"),
        ("classes", "three.onnx: tells 3 classes apart, and the data has 4"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    if kind == "cuda" and _cuda_runs():
        pytest.skip("CUDA runs here")
    code, stdout, stderr = in_process(capsys, "evaluate", *wrong(folder, kind), "--quiet")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("harness: ")
    assert message in stderr
    assert stderr.count("\n") == 1


def _cuda_runs() -> bool:
    from harness.measure.runtime.usable import usable_device

    return usable_device("auto") != "cpu"


def test_what_is_wrong_with_the_second_is_told_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*_: object) -> None:
        raise AssertionError("the work began")

    classifier(folder / "three.onnx", np.eye(4)[:, :3])
    monkeypatch.setattr("harness.measure.accuracy.evaluation._evaluated", worked)
    words = [str(folder / "good.onnx"), str(folder / "three.onnx"), "--data", f"npz:{folder / 'data.npz'}"]
    code, stdout, stderr = in_process(capsys, "evaluate", *words, "--quiet")
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert "three.onnx: tells 3 classes apart, and the data has 4" in stderr


def test_a_batch_on_another_axis_is_no_example_after_the_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=0)
    path = folder / "second.onnx"
    save(path, [node], [tensor("x", [4, "batch", 4])], [tensor("y", ["batch", 4])], [constant("axes", [0])])
    np.savez(folder / "square.npz", images=np.zeros((20, 4, 4, 1), np.float32), labels=np.arange(20) % 4)
    code, stdout, stderr = in_process(capsys, "evaluate", str(path), "--data", f"npz:{folder / 'square.npz'}", "-q")
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert "takes x:4x?x4:float32, whose first axis is no batch; export it with the batch first" in stderr
