"""'Why does a binary Keras CNN always predict 1?' (Stack Overflow): a Softmax over one output, on windows of 10x4."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import harness as library
from tests.field.conftest import Command
from tests.field.diagnosing import first

CASE = "softmax_of_one_1d"
DATA = ("--data", "npz:data.npz")
RAW = (*DATA, "--scale", "raw")


@pytest.mark.parametrize("model", ["model.keras", "model_2d.keras"])
def test_the_softmax_is_named_first(harness: Command, model: str) -> None:
    """Windows go to a network of windows as they are, to one of images with an axis of one."""
    ran = harness("diagnose", model, *RAW, "--json")
    assert ran.code == 1
    assert first(ran)["kind"] == "softmax-of-one"
    assert first(ran)["where"] == "probability"
    assert "sigmoid" in first(ran)["cure"]


def test_the_cure_is_proved(harness: Command) -> None:
    found = first(harness("diagnose", "model.keras", *RAW, "--prove", "--json"))
    assert all(trial["learned"] for trial in found["proof"]["with_cure"])


def test_values_below_zero_name_the_option(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", *DATA)
    assert ran.code == 2
    assert "--scale raw" in ran.err
    assert ran.err.count("\n") == 1


def test_from_python(case: Path) -> None:
    with np.load(case / "data.npz") as data:
        found = library.diagnose(keras.models.load_model(case / "model.keras"), data["images"], data["labels"])
    assert found.findings[0].kind == "softmax-of-one"


def test_prune_export_and_measure(harness: Command) -> None:
    assert harness("prune", "model.keras", "--ratio", "0.5").code == 0
    for name in ("model", "model-pruned"):
        assert harness("export", f"{name}.keras").code == 0
    files = ("model.onnx", "model-pruned.onnx")
    assert harness("measure", *files, "--budget", "5", "--batch", "1", "--quiet").code == 0
