"""Conv1D before bidirectional LSTM and GRU (keras-team/keras#21799; tensorflow/model-optimization#374)."""

from __future__ import annotations

from pathlib import Path

import onnx

from tests.field.conftest import Command

CASE = "bidirectional"


def test_prune_verify_export_and_measure(harness: Command, case: Path) -> None:
    ran = harness("prune", "model.keras", "--ratio", "0.5", "--json")
    assert ran.code == 0
    report = ran.json["report"]
    kept = {layer["layer"]: (layer["channels_before"], layer["channels_after"]) for layer in report["layers"]}
    assert kept["conv_1"] == (16, 8)
    assert kept["hidden"] == (16, 8)
    assert "both_ways_1" in report["pinned"]["conv_2"]
    assert harness("verify", "model.keras", "model-pruned.keras").code == 0
    for name in ("model", "model-pruned"):
        assert harness("export", f"{name}.keras").code == 0
        assert {node.domain for node in onnx.load(case / f"{name}.onnx").graph.node} <= {"", "ai.onnx"}
    ran = harness("measure", "model.onnx", "model-pruned.onnx", "--budget", "5", "--batch", "1", "--json")
    assert ran.code == 0
