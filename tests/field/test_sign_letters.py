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


def test_run(harness: Command) -> None:
    assert harness("run", "fixed.keras", *DATA, "--quiet").code == 0
