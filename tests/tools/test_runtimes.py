"""A bundle in other runtimes: really run where they are installed, skipped where not; and what can be told without."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from harness.base.errors import MeasureError
from harness.deploy.received import Received, receive
from tests.deploy.bundles import bundled, reseal
from tests.onnx_files import cnn
from tools.runtimes import asking, validate

RUNTIMES = ("node", "web")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that is only read, with its weights beside the model."""
    folder = tmp_path_factory.mktemp("bundle")
    path = cnn(folder / "small.onnx")
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="small.data", size_threshold=0)
    return bundled(folder, path)


def needs(runtime: str) -> None:
    lack = asking.missing(runtime)
    if lack is not None:
        pytest.skip(lack)


def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    monkeypatch.setattr(sys, "argv", ["validate", *map(str, words)])
    code = validate.main()
    return code, *capsys.readouterr()


def off_by(bundle: Path, share: float) -> None:
    """Move the expected outputs by a share of their spread, with hashes that are right."""
    path = bundle / "test_data_set_0" / "output_0.pb"
    tensor = onnx.TensorProto.FromString(path.read_bytes())
    array = numpy_helper.to_array(tensor)
    moved = (array + share * array.std()).astype(array.dtype)
    path.write_bytes(numpy_helper.from_array(moved, tensor.name).SerializeToString())
    reseal(bundle)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_another_runtime_computes_the_same(
    shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str
) -> None:
    needs(runtime)
    code, stdout, stderr = command(monkeypatch, capsys, runtime, shared, "--json", "--seconds", 0.1)
    found = json.loads(stdout)
    assert (code, found["same"], stderr) == (0, True, "")
    assert found["outputs"]["scores"]["difference"] < 1e-5
    assert found["latency"]["median_us"] > 0


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_other_outputs_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str
) -> None:
    needs(runtime)
    bundle = bundled(tmp_path)
    off_by(bundle, 0.01)
    code, stdout, _ = command(monkeypatch, capsys, runtime, bundle, "--seconds", 0.1)
    assert code == 1
    assert "does not compute the same" in stdout
    assert "beyond the" in stdout


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_model_that_a_runtime_does_not_take_is_told(tmp_path: Path, runtime: str) -> None:
    needs(runtime)
    bundle = bundled(tmp_path)
    model = onnx.load(bundle / "model.onnx")
    model.graph.node[1].op_type = "NoSuchOperator"
    onnx.save(model, bundle / "model.onnx")
    reseal(bundle)
    found = validate.validated(runtime, bundle, seconds=0.1)
    assert not found["same"]
    assert "NoSuchOperator" in found["error"]
    assert len(validate.lines(found)) == 1


def test_a_damaged_bundle_is_an_answer_and_none_at_all_is_no_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = bundled(tmp_path)
    model = bundle / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    code, stdout, stderr = command(monkeypatch, capsys, "node", bundle)
    assert (code, stdout, stderr.count("\n")) == (1, "", 1)
    assert "model.onnx" in stderr
    code, stdout, stderr = command(monkeypatch, capsys, "node", tmp_path / "nowhere")
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert "give a folder that `harness bundle` wrote" in stderr


def test_what_is_missing_is_told(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking.shutil, "which", lambda name: None)
    code, _, stderr = command(monkeypatch, capsys, "web", shared)
    assert (code, stderr) == (2, "validate: Node.js is missing; install the package nodejs\n")
    monkeypatch.setattr(asking.shutil, "which", lambda name: "/usr/bin/node" if name == "node" else None)
    monkeypatch.setattr(asking, "HERE", tmp_path)
    assert asking.missing("node") == "onnxruntime-node: not installed; `make validate-node BUNDLE=folder` does that"
    for name in asking.PACKAGES["web"]:
        (tmp_path / "node_modules" / name).mkdir(parents=True)
    assert asking.missing("web") == "no Chromium was found; install the package chromium"


@pytest.fixture
def received(shared: Path, tmp_path: Path) -> Received:
    (tmp_path / "copy").mkdir()
    return receive(shared, tmp_path / "copy")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo out of memory >&2; exit 134", r"node: died without an answer \(out of memory\)"),
        ("exec sleep 60", "node: hung: no answer for 1 s"),
    ],
)
def test_a_runtime_that_dies_or_hangs_is_told(
    received: Received, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    """Another program stands in its place."""
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\n{script}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(asking, "missing", lambda runtime: None)
    monkeypatch.setattr(asking, "GRACE_S", 0)
    with pytest.raises(MeasureError, match=message):
        asking.ask("node", received, [np.zeros((1, 1, 8, 8), np.float32)], timeout_s=1 if "sleep" in script else 60)


def test_outputs_are_compared_by_the_bundle_s_own_tolerance(received: Received) -> None:
    (output,) = received.manifest.outputs
    expected = np.arange(20.0, dtype=np.float32).reshape(2, 10)
    for found, within, known in (
        (expected, True, True),
        (expected + np.float32(1e-5), True, True),
        (expected + np.float32(0.1), False, True),
        (expected[:1], False, False),
        (expected * np.float32(np.nan), False, False),
    ):
        told = validate.compared(received.manifest, [expected], [found])[output.name]
        assert (told["within"], told["difference"] is not None) == (within, known)


def test_an_output_is_read_as_javascript_tells_it() -> None:
    values = np.array([[1, -2]], np.int64)
    told = {"type": "int64", "dims": [1, 2], "data": base64.b64encode(values.tobytes()).decode()}
    assert np.array_equal(validate.array_of(told), values)
