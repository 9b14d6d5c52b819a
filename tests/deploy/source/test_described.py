"""What an ONNX file says of itself is taken into its bundle, and holds against what is asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from harness.deploy.manifest import Manifest
from harness.measure.files.model_file import read_model
from harness.records import ChannelPlan, Metadata, Preprocessing
from harness.spec import DataSpec
from tests.cli.test_app import in_process
from tests.onnx_files import FLOAT, constant, helper, save, tensor, weight

PLAN = ChannelPlan(architecture="x", kept={"conv": (0, 2)}, channels={"conv": 3})
SAID = Metadata(
    source="ab" * 32,
    plan=PLAN,
    labels=("red", "green", "blue"),
    preprocessing=Preprocessing.of(DataSpec(scale="raw", resize=(6, 6))),
)


def network(folder: Path, said: Metadata | None = SAID) -> Path:
    """A linear classifier of three classes, of color images of 6x6 pixels, channels first."""
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"], name="flat"),
        helper.make_node("MatMul", ["flat", "rows"], ["scores"], name="dense"),
    ]
    weights = [constant("shape", [-1, 108]), weight("rows", (108, 3))]
    path = save(
        folder / "net.onnx", nodes, [tensor("image", ["N", 3, 6, 6], FLOAT)], [tensor("scores", ["N", 3])], weights
    )
    model, props = onnx.load(path), dict[str, str]()
    if said is not None:
        said.write_into(props)
    helper.set_model_props(model, props)
    onnx.save(model, path)
    return path


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Color images of 12x12 pixels, as `--data` names them."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"] = rng.integers(0, 256, (30, 12, 12, 3), np.uint8)
        arrays[f"y_{part}"] = np.arange(30) % 3
    np.savez(tmp_path / "images.npz", **arrays)
    return f"npz:{tmp_path / 'images.npz'}"


def test_labels_plan_source_and_preprocessing_are_taken_over(
    tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing has to be said again, the axes are named, and the bundle validates with that data."""
    folder = tmp_path / "bundle"
    asked = ("bundle", str(network(tmp_path)), "--data", data, "-o", str(folder), "--device", "cpu", "--budget", "1")
    code, out, err = in_process(capsys, *asked, "--json", "-q")
    assert (code, err) == (0, "")
    manifest = Manifest.model_validate(json.loads(out)["manifest"])
    assert (manifest.source, manifest.plan, manifest.labels) == (SAID.source, PLAN, SAID.labels)
    assert (manifest.data.spec.scale, manifest.data.spec.resize) == ("raw", (6, 6))
    assert manifest.inputs[0].axes == ("batch", "channels", "height", "width")
    assert "numbers as they are stored" in (folder / "README.md").read_text()
    code, out, err = in_process(capsys, "validate", str(folder), "--data", data, "--min-accuracy", "0.01", "-q")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--scale", "unit"), "says that it takes images of scale = raw; leave out --scale"),
        (("--resize", "12x12"), r"says that it takes images of resize = (6, 6); leave out --resize"),
    ],
)
def test_an_option_that_contradicts_the_file(
    option: tuple[str, str], told: str, tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("bundle", str(network(tmp_path)), "--data", data, "-o", str(tmp_path / "bundle"), *option, "-q")
    code, out, err = in_process(capsys, *asked)
    assert (code, out) == (2, "")
    assert told in err
    assert not (tmp_path / "bundle").exists()


def test_metadata_that_can_not_be_read(tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, not a bundle with half of it; measuring such a file needs none of it."""
    path = network(tmp_path, None)
    model = onnx.load(path)
    helper.set_model_props(model, {"harness.plan": "{"})
    onnx.save(model, path)
    code, out, err = in_process(capsys, "bundle", str(path), "--data", data, "-o", str(tmp_path / "bundle"), "-q")
    assert (code, out) == (2, "")
    assert err == (
        f"harness: {path}: its metadata 'harness.plan' can't be read; export the model again, or remove that entry\n"
    )
    assert read_model(path).opset == 18
