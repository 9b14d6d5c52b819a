"""A bundle in other runtimes: really run where they are installed, skipped where not; and what can be told without."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from harness.base.errors import MeasureError
from tests.onnx_files import cnn, save, tensor, weight
from tools.runtimes import validate
from tools.runtimes.comparing import array_of, difference
from tools.runtimes.vectors import read_bundle

RUNTIMES = ("node", "web")


def vector(path: Path, array: np.ndarray) -> None:
    path.write_bytes(numpy_helper.from_array(array).SerializeToString())


def bundle(folder: Path, model: Path, inputs: list[np.ndarray], wrong_by: float = 0.0) -> Path:
    """A folder as `harness bundle` leaves it, with what Python's onnxruntime gives, off by `wrong_by`."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    outputs = session.run(None, dict(zip(names, inputs, strict=True)))
    vectors = folder / "test_data_set_0"
    vectors.mkdir()
    for kind, arrays in (("input", inputs), ("output", [array + array.dtype.type(wrong_by) for array in outputs])):
        for index, array in enumerate(arrays):
            vector(vectors / f"{kind}_{index}.pb", array)
    return folder


def small(folder: Path, wrong_by: float = 0.0) -> Path:
    images = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    return bundle(folder, cnn(folder / "model.onnx"), [images], wrong_by)


def several(folder: Path) -> Path:
    """Three inputs of three types, two outputs, and weights beside the model."""
    nodes = [
        helper.make_node("Cast", ["flags"], ["ones"], to=onnx.TensorProto.INT64),
        helper.make_node("Add", ["ones", "counts"], ["sums"]),
        helper.make_node("MatMul", ["x", "rows"], ["scores"]),
    ]
    inputs = [
        tensor("x", ["N", 64]),
        tensor("counts", ["N"], onnx.TensorProto.INT64),
        tensor("flags", ["N"], onnx.TensorProto.BOOL),
    ]
    outputs = [tensor("scores", ["N", 32]), tensor("sums", ["N"], onnx.TensorProto.INT64)]
    path = save(folder / "model.onnx", nodes, inputs, outputs, [weight("rows", (64, 32))])
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="model.data", size_threshold=0)
    x = np.random.default_rng(0).random((2, 64), dtype=np.float32)
    return bundle(folder, path, [x, np.array([2**40, -1]), np.array([True, False])])


def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    monkeypatch.setattr(sys, "argv", ["validate", *map(str, words)])
    code = validate.main()
    return code, *capsys.readouterr()


def needs(runtime: str) -> None:
    lack = validate.missing(runtime)
    if lack is not None:
        pytest.skip(lack)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_another_runtime_computes_the_same_and_a_wrong_vector_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str
) -> None:
    needs(runtime)
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    code, stdout, stderr = ask(monkeypatch, capsys, runtime, several(tmp_path / "good"), "--json", "--seconds", 0.1)
    found = json.loads(stdout)
    assert (code, found["within"], stderr) == (0, True, "")
    assert list(found["differences"]) == ["test_data_set_0 scores", "test_data_set_0 sums"]
    assert found["latency"]["median_us"] > 0
    code, stdout, _ = ask(monkeypatch, capsys, runtime, small(tmp_path / "bad", wrong_by=0.01), "--seconds", 0.1)
    assert code == 1
    assert "does not compute the same" in stdout


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_model_that_a_runtime_does_not_take_is_told(tmp_path: Path, runtime: str) -> None:
    needs(runtime)
    folder = small(tmp_path)
    model = onnx.load(folder / "model.onnx")
    model.graph.node[1].op_type = "NoSuchOperator"
    onnx.save(model, folder / "model.onnx")
    read = read_bundle(folder)
    found = validate.verdict(read, validate.run(runtime, read, seconds=0.1), 1e-4)
    assert not found["within"]
    assert "NoSuchOperator" in found["error"]
    assert "\n" not in found["error"]


def damaged(folder: Path, kind: str) -> Path:
    """A bundle with one thing wrong."""
    if kind == "no folder":
        return folder / "nowhere"
    vectors = small(folder) / "test_data_set_0"
    if kind == "no model":
        (folder / "model.onnx").unlink()
    elif kind == "no vectors":
        vectors.rename(folder / "elsewhere")
    elif kind == "one too many":
        vector(vectors / "input_1.pb", np.zeros(1, np.float32))
    elif kind == "no tensor":
        (vectors / "output_0.pb").write_bytes(b"no tensor")
    elif kind == "text":
        (vectors / "input_0.pb").write_bytes(
            helper.make_tensor("x", onnx.TensorProto.STRING, [1], [b"a"]).SerializeToString()
        )
    else:
        outside = onnx.TensorProto(data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
        outside.external_data.add(key="location", value="../../secret")
        (vectors / "input_0.pb").write_bytes(outside.SerializeToString())
    return folder


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no folder", "nowhere: no such folder; give one that `harness bundle` wrote"),
        ("no model", "model.onnx: can't be read (No such file or directory)"),
        ("no vectors", "has no test_data_set_0; give a folder that `harness bundle` wrote"),
        ("one too many", "has 2 input_*.pb, and the model has 1 inputs; bundle it again"),
        ("no tensor", "output_0.pb: can't be read (not a whole ONNX tensor); bundle it again"),
        ("text", "which other runtimes can't be fed here; use numbers"),
        ("outside", "input_0.pb: can't be read (not a whole ONNX tensor); bundle it again"),
    ],
)
def test_what_is_no_bundle_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    code, stdout, stderr = ask(monkeypatch, capsys, "node", damaged(tmp_path, kind))
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr


def test_what_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(validate.shutil, "which", lambda name: None)
    code, _, stderr = ask(monkeypatch, capsys, "web", small(tmp_path))
    assert (code, stderr) == (2, "validate: Node.js is missing; install the package nodejs\n")
    monkeypatch.setattr(validate.shutil, "which", lambda name: "/usr/bin/node" if name == "node" else None)
    monkeypatch.setattr(validate, "HERE", tmp_path)
    assert validate.missing("node") == "onnxruntime-node: not installed; `make validate-node BUNDLE=folder` does that"


def test_a_runtime_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in its place says nothing that could be read."""
    (tmp_path / "bin").mkdir()
    node = tmp_path / "bin" / "node"
    node.write_text("#!/bin/sh\necho out of memory >&2\nexit 134\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setattr(validate, "missing", lambda runtime: None)
    (tmp_path / "bundle").mkdir()
    with pytest.raises(MeasureError, match=r"node: died without an answer \(out of memory\)"):
        validate.run("node", read_bundle(small(tmp_path / "bundle")))


FLOATS = np.array([0.0, 1.0, 2.0, np.nan, np.inf], np.float32)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (FLOATS, 0.0),
        (FLOATS + np.float32(0.25), 0.25 / np.std([0, 1, 2])),
        (np.nan_to_num(FLOATS), np.inf),
        (FLOATS[:4], np.inf),
        (FLOATS.astype(np.float64), np.inf),
        (np.array([0.0, np.nan, 2.0, np.nan, np.inf], np.float32), np.inf),
        (np.array([0.0, 1.0, 2.0, np.nan, -np.inf], np.float32), np.inf),
    ],
)
def test_a_difference_is_a_share_of_the_spread(found: np.ndarray, expected: float) -> None:
    assert difference(FLOATS, found) == pytest.approx(expected)


def test_whole_numbers_have_to_be_equal_and_constants_are_compared_as_they_are() -> None:
    assert difference(np.array([1, 2]), np.array([1, 2])) == 0
    assert difference(np.array([1, 2]), np.array([1, 3])) == np.inf
    assert difference(np.full(3, 5.0), np.full(3, 5.5)) == 0.5


def test_an_output_is_read_as_javascript_tells_it() -> None:
    values = np.array([[1, -2]], np.int64)
    told = {"type": "int64", "dims": [1, 2], "data": base64.b64encode(values.tobytes()).decode()}
    assert np.array_equal(array_of(told), values)
