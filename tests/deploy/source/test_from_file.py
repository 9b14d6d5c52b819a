"""A pruned ONNX file, bundled: channels come first, and its plan is proved again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import harness
from harness.deploy import layout
from harness.prune.onnx.api import Given
from harness.prune.onnx.files import OnnxJob, run_onnx_job
from harness.spec import PruneSpec
from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

Captured = pytest.CaptureFixture[str]


def images(folder: Path) -> str:
    """Colour images, channels last, as all data is."""
    rng = np.random.default_rng(0)
    np.savez(folder / "images.npz", images=rng.random((80, 8, 6, 3), np.float32), labels=np.arange(80) % 4)
    return f"npz:{folder / 'images.npz'}"


def original(path: Path, sizes: tuple[int | str, ...] = ("N", 3, 8, 6)) -> Path:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    rows = net.op("Flatten", net.op("GlobalAveragePool", net.op("Relu", net.conv(x, 8, 6, name="second"))))
    return net.save(path, [net.dense(rows, 6, 4, name="head")], [tensor("image", sizes)])


def asked(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    return in_process(capsys, "bundle", *map(str, arguments), "--budget", "1", "--device", "cpu", "--quiet")


@pytest.mark.parametrize("reconstruct", [False, True])
def test_a_pruned_file_comes_with_its_plan_and_is_proved_again(
    tmp_path: Path, capsys: Captured, reconstruct: bool
) -> None:
    source, data = original(tmp_path / "net.onnx"), images(tmp_path)
    recover = "reconstruct" if reconstruct else None
    given = Given(data=np.random.default_rng(1).random((60, 8, 6, 3), np.float32))
    run_onnx_job(OnnxJob(source, tmp_path / "small.onnx", PruneSpec(ratio=0.5, recover=recover), given=given))
    code, out, err = asked(
        capsys, tmp_path / "small.onnx", "--data", data, "--against", source, "-o", tmp_path / "shipped", "--json"
    )
    assert code == 0, err
    manifest = json.loads(out)["manifest"]
    assert manifest["inputs"][0]["axes"] == ["batch", "channels", "height", "width"]
    assert [len(kept) for kept in manifest["plan"]["kept"].values()] == [4, 3, 4]
    assert max(manifest["proof"]["trials"].values()) <= manifest["proof"]["tolerance"]
    assert ("weights carried over" in manifest["proof"]["trials"]) is not reconstruct
    assert manifest["baseline"]["speedups"]
    assert manifest["accuracy"]["answers"]["correct"]
    assert "Pruned right" in (tmp_path / "shipped" / layout.README).read_text(encoding="utf-8")
    code, out, err = in_process(capsys, "validate", str(tmp_path / "shipped"), "--quiet")
    assert code == 0, out + err


def test_a_file_that_is_not_what_its_plan_leaves_is_not_bundled(tmp_path: Path, capsys: Captured) -> None:
    source, data = original(tmp_path / "net.onnx"), images(tmp_path)
    run_onnx_job(OnnxJob(source, tmp_path / "small.onnx", PruneSpec(ratio=0.5)))
    changed = onnx.load(tmp_path / "small.onnx")
    kernel = changed.graph.initializer[0]
    kernel.CopyFrom(numpy_helper.from_array(1.5 * numpy_helper.to_array(kernel), kernel.name))
    onnx.save(changed, tmp_path / "small.onnx")
    code, out, err = asked(
        capsys, tmp_path / "small.onnx", "--data", data, "--against", source, "-o", tmp_path / "shipped"
    )
    assert (code, out) == (2, "")
    assert f"is not {source} without the channels of its plan" in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "shipped").exists()


def test_a_plan_for_another_network_stops_nothing_and_the_files_own_is_proved(tmp_path: Path, capsys: Captured) -> None:
    source, data = original(tmp_path / "net.onnx"), images(tmp_path)
    other = original(tmp_path / "other.onnx", (1, 3, 8, 6))
    harness.prune(source, ratio=0.5).write(tmp_path / "small.onnx")
    run_onnx_job(OnnxJob(other, tmp_path / "else.onnx", PruneSpec(ratio=0.5)))
    (tmp_path / "else.plan.json").replace(tmp_path / "small.plan.json")
    code, out, err = asked(
        capsys, tmp_path / "small.onnx", "--data", data, "--against", source, "-o", tmp_path / "shipped", "--json"
    )
    assert code == 0, err
    manifest = json.loads(out)["manifest"]
    assert sorted(len(kept) for kept in manifest["plan"]["kept"].values()) == [3, 4, 4]
    assert max(manifest["proof"]["trials"].values()) <= manifest["proof"]["tolerance"]


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_what_was_quantized_after_pruning_is_bundled_with_its_plan_and_claims_no_proof(
    tmp_path: Path, capsys: Captured, precision: str
) -> None:
    """Its weights are not those that the plan leaves any more, which is no mistake."""
    source, data = original(tmp_path / "net.onnx"), images(tmp_path)
    harness.prune(source, ratio=0.5).write(tmp_path / "small.onnx")
    given = np.random.default_rng(1).random((40, 8, 6, 3), np.float32)
    harness.quantize(tmp_path / "small.onnx", tmp_path / "other.onnx", precision, data=given)
    code, out, err = asked(
        capsys, tmp_path / "other.onnx", "--data", data, "--against", source, "-o", tmp_path / "shipped", "--json"
    )
    assert code == 0, err
    manifest = json.loads(out)["manifest"]
    assert sorted(len(kept) for kept in manifest["plan"]["kept"].values()) == [3, 4, 4]
    assert manifest["proof"] is None
    assert manifest["baseline"]["speedups"]
    assert "Pruned right" not in (tmp_path / "shipped" / layout.README).read_text(encoding="utf-8")
    code, out, err = in_process(capsys, "validate", str(tmp_path / "shipped"), "--quiet")
    assert code == 0, out + err
