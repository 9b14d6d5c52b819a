"""Three outputs for 24 letters, and a gap in the labels (a deeplearning.ai thread; keras-team/keras#11786)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

import harness as library
from tests.field.conftest import Command
from tests.field.diagnosing import first

CASE = "sign_letters"
DATA = ("--data", "npz:data.npz")
STUDY = """
name = "signs"
data = {name = "npz:data.npz"}
measure = {batch_sizes = [1], budget_s = 3}
[[networks]]
model = "fixed.keras"
prune = [{ratio = 0.5, finetune_epochs = 2}]
"""


def test_the_count_of_classes_is_named(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", *DATA, "--json")
    assert ran.code == 1
    assert first(ran)["kind"] == "class-count"
    assert "25" in first(ran)["cure"]


def test_from_python(case: Path) -> None:
    with np.load(case / "data.npz") as data:
        images, labels = data["images"] / 255.0, data["labels"]
    found = library.diagnose(keras.models.load_model(case / "model.keras"), images, labels)
    assert found.findings[0].kind == "class-count"


def test_a_gap_in_the_labels_stops_nothing(harness: Command) -> None:
    ran = harness("diagnose", "fixed.keras", *DATA, "--json")
    assert ran.code == 0
    assert {finding["severity"] for finding in ran.json["findings"]} <= {"note"}


def test_three_outputs_are_told_how_many_they_should_be(harness: Command) -> None:
    ran = harness("run", "model.keras", "--data", "npz:data.npz")
    assert ran.code == 2
    assert "has 3 outputs, enough for 3 classes, and the labels go up to 24; give its last layer 25 outputs" in ran.err


def test_run(harness: Command, case: Path) -> None:
    (case / "signs.toml").write_text(STUDY)
    ran = harness("run", "signs.toml", "--json", "--quiet")
    assert ran.code == 0
    for row in ran.json["rows"]:
        assert row["error"] is None
        assert row["accuracy"]["correct"].count("1") / len(row["accuracy"]["correct"]) > 0.9
