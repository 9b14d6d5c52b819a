"""Grouped convolutions, which Keras compiles with XLA on a CPU (onnx/tensorflow-onnx#2099)."""

from __future__ import annotations

from pathlib import Path

import keras
import onnx
import pytest

from tests.field.conftest import Command

CASE = "grouped_convolution"


def groups(path: Path) -> list[int]:
    nodes = [node for node in onnx.load(path).graph.node if node.op_type == "Conv"]
    found = [{a.name: a.i for a in node.attribute}.get("group", 1) for node in nodes]
    return sorted(group for group in found if group > 1)


def test_export(harness: Command, case: Path) -> None:
    assert harness("export", "model.keras").code == 0
    assert groups(case / "model.onnx") == [2, 4, 8]


@pytest.mark.parametrize("options", [("--ratio", "0.5"), ("--ratio", "0.3", "--round-to", "4")])
def test_prune_verify_export_and_measure(harness: Command, case: Path, options: tuple[str, ...]) -> None:
    ran = harness("prune", "model.keras", *options, "--json")
    assert ran.code == 0
    kept = {layer["layer"]: layer["channels_after"] for layer in ran.json["report"]["layers"]}
    assert kept["stem"] == kept["u1_expand"] == kept["u2_expand"]
    assert kept["stem"] == 16 if "0.5" in options else kept["stem"] % 4 == 0
    for layer in keras.models.load_model(case / "model-pruned.keras").layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.filters % layer.groups == 0
    assert harness("verify", "model.keras", "model-pruned.keras").code == 0
    assert harness("export", "model.keras").code == 0
    assert harness("export", "model-pruned.keras").code == 0
    ran = harness("measure", "model.onnx", "model-pruned.onnx", "--budget", "5", "--batch", "1", "--json")
    assert ran.code == 0
