"""Augmentation layers inside the model (keras-team/keras#21346, onnx/tensorflow-onnx#2395).

In inference they do nothing, so they are gone from the file: the same answers every time, and the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import keras
import onnx

from harness.base.store import file_digest
from tests.field.conftest import Command

CASE = "augmentation_inside"
DATA = ("--data", "npz:data.npz", "--scale", "raw")


def test_export(harness: Command, case: Path) -> None:
    digests = set()
    for name in ("a.onnx", "b.onnx"):
        assert harness("export", "model.keras", *DATA, "-o", name).code == 0
        digests.add(file_digest(case / name))
    assert len(digests) == 1
    operators = {node.op_type for node in onnx.load(case / "a.onnx").graph.node}
    assert not {name for name in operators if "Random" in name or name == "Loop"}


def test_prune(harness: Command) -> None:
    ran = harness("prune", "model.keras", "--ratio", "0.5", "--json")
    assert ran.code == 0
    kept = {
        layer["layer"]: (layer["channels_before"], layer["channels_after"]) for layer in ran.json["report"]["layers"]
    }
    assert kept["conv_a"] == (16, 8)
    assert kept["conv_b"] == (24, 12)
    assert kept["hidden"] == (32, 16)


def test_fine_tuned_it_still_augments(harness: Command, case: Path) -> None:
    ran = harness("prune", "model.keras", "--ratio", "0.5", *DATA, "--finetune-epochs", "1", "-o", "tuned.keras")
    assert ran.code == 0
    inner = keras.models.load_model(case / "tuned.keras").get_layer("augment")
    assert [type(layer).__name__ for layer in inner.layers][:2] == ["RandomFlip", "RandomRotation"]


def test_diagnose(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", *DATA, "--json")
    assert ran.code == 0
    assert "inputs-unscaled" not in {finding["kind"] for finding in ran.json["findings"]}


def test_run(harness: Command, case: Path) -> None:
    assert harness("run", "model.keras", *DATA, "--quiet").code == 0
    assert (case / "runs" / "model" / "report.html").is_file()
