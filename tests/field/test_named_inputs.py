"""Named inputs of several types, a dict of outputs (onnx/tensorflow-onnx#2329, keras-team/keras#21637)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnxruntime

from tests.field.conftest import Command

CASE = "named_inputs"


def differences(folder: Path, name: str) -> dict[str, float]:
    """Of each output under its own name: how far the file is from the Keras model."""
    model = keras.models.load_model(folder / f"{name}.keras")
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    feed = {
        "rgb": rng.random((5, 20, 20, 3), "float32"),
        "exposure_ms": rng.uniform(1, 40, (5, 1)).astype("float32"),
        "iso_code": rng.integers(0, 16, (5, 1)).astype("int32"),
    }
    wanted = model.predict(feed, verbose=0)
    got = dict(zip([output.name for output in session.get_outputs()], session.run(None, feed), strict=True))
    return {key: float(np.abs(got[key] - value).max()) for key, value in wanted.items()}


def test_export_and_prune(harness: Command, case: Path) -> None:
    assert harness("export", "model.keras").code == 0
    found = differences(case, "model")
    assert set(found) == {"white_balance", "box", "a_class", "unit_vector"}
    assert max(found.values()) < 1e-5
    ran = harness("prune", "model.keras", "--ratio", "0.5", "--json")
    assert ran.code == 0
    kept = {
        layer["layer"]: (layer["channels_before"], layer["channels_after"]) for layer in ran.json["report"]["layers"]
    }
    assert kept["conv"] == (12, 6)
    assert kept["hidden"] == (24, 12)
    assert harness("export", "model-pruned.keras").code == 0
    assert max(differences(case, "model-pruned").values()) < 1e-5


def test_measure_makes_up_no_index_that_the_table_lacks(harness: Command) -> None:
    assert harness("export", "model.keras").code == 0
    ran = harness("measure", "model.onnx", "--budget", "5", "--batch", "1")
    assert ran.code in {0, 2}
    if ran.code == 2:
        assert "--input" in ran.err
        assert ran.err.count("\n") == 1
    assert harness("measure", "model.onnx", "--budget", "5", "--batch", "1", "--input", "iso_code:Nx1:int32").code == 0


def test_diagnose_is_refused(harness: Command, case: Path) -> None:
    np.savez(case / "data.npz", images=np.zeros((20, 20, 20, 3), np.uint8), labels=np.arange(20) % 3)
    ran = harness("diagnose", "model.keras", "--data", "npz:data.npz")
    assert ran.code == 2
    assert "3 inputs" in ran.err
