"""Three outputs for 24 letters, numbered to 24 with none at 9 (community.deeplearning.ai)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from harness.diagnose import Diagnosis, diagnose

CASE = "sign_letters"


def found(case: Path, name: str) -> Diagnosis:
    data = np.load(case / "data.npz")
    return diagnose(keras.models.load_model(case / name), data["images"] / 255.0, data["labels"])


def test_three_outputs_are_too_few_and_the_largest_label_says_how_many_it_takes(case: Path) -> None:
    first = found(case, "model.keras").findings[0]
    assert (first.kind, first.severity, first.where) == ("class-count", "stops learning", "letters")
    assert first.cure.startswith("Give the last layer 25 outputs")


def test_an_output_that_no_letter_uses_is_a_note(case: Path) -> None:
    fixed = found(case, "fixed.keras")
    assert not fixed.stops_learning
    assert [(each.kind, each.severity) for each in fixed.findings] == [("class-count", "note")]
