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
STUDY = """
name = "windows"
data = {name = "npz:data.npz", scale = "raw"}
measure = {batch_sizes = [1], budget_s = 3}
[[networks]]
model = "model.keras"
prune = [{ratio = 0.5, finetune_epochs = 1}]
"""


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


@pytest.mark.parametrize("command", ["diagnose", "run", "export", "prune"])
def test_values_below_0_are_refused_by_the_name_of_the_option(harness: Command, command: str) -> None:
    ran = harness(command, "model.keras", *DATA, *(["--ratio", "0.5"] if command in {"run", "prune"} else []), "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "take them as they are with --scale raw" in ran.err


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


def test_prune_tune_and_export(harness: Command) -> None:
    tuned = ("--ratio", "0.5", "--finetune-epochs", "1", "-o", "pruned.keras")
    assert harness("prune", "model.keras", *DATA, "--scale", "raw", *tuned).code == 0
    assert harness("export", "pruned.keras", *DATA, "--scale", "raw", "-o", "pruned.onnx").code == 0


def test_run(harness: Command, case: Path) -> None:
    (case / "windows.toml").write_text(STUDY)
    ran = harness("run", "windows.toml", "--json", "--quiet")
    accuracies = [row["accuracy"]["correct"] for row in ran.json["rows"]]
    assert all(0.5 < correct.count("1") / len(correct) < 0.7 for correct in accuracies), "always class 1"
