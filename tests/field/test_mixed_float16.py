"""A model trained under mixed_float16 (keras-team/keras#20710, tensorflow/tensorflow#35379).

Its weights are float32, so its float32 twin is what is exported and compared, and that is said.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import keras

from tests.field.conftest import Command

CASE = "mixed_float16"
DATA = ("--data", "npz:data.npz")


def test_export_and_measure(harness: Command) -> None:
    ran = harness("export", "model.keras")
    assert ran.code == 0
    assert "mixed_float16" in ran.out + ran.err
    assert harness("export", "float32.keras").code == 0
    assert harness("measure", "model.onnx", "float32.onnx", "--budget", "5", "--batch", "1", "--quiet").code == 0


def test_prune_keeps_the_policy(harness: Command, case: Path) -> None:
    assert harness("prune", "model.keras", "--ratio", "0.5").code == 0
    pruned = keras.models.load_model(case / "model-pruned.keras", compile=False)
    assert pruned.get_layer("conv_1").dtype_policy.name == "mixed_float16"
    assert harness("verify", "model.keras", "model-pruned.keras").code == 0


def test_small_gradients_of_a_network_at_100_percent_are_no_finding(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", "--data", "npz:data.npz", "--json")
    assert (ran.code, ran.json["findings"], ran.json["learning_rate"]) == (0, [], 0.01)


def test_run(harness: Command, case: Path) -> None:
    shutil.copyfile(case / "model.keras", case / "half.keras")
    assert harness("run", "half.keras", *DATA, "--quiet").code == 0
