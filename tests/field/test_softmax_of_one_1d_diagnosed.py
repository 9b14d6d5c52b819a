"""A binary network that always says 1: a Softmax over one output, on windows of 10x4 (Stack Overflow)."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from harness.diagnose import diagnose
from tests.field.conftest import Command

CASE = "softmax_of_one_1d"


@pytest.mark.parametrize("name", ["model.keras", "model_2d.keras"])
def test_the_softmax_is_the_cause_and_a_sigmoid_the_cure(harness: Command, name: str) -> None:
    """Nothing is said of a channel axis, with which Keras does well either way."""
    ran = harness("diagnose", name, "--data", "npz:data.npz", "--scale", "raw", "--prove", "--json")
    assert ran.code == 1
    found = ran.json["findings"][0]
    assert (found["kind"], found["where"]) == ("softmax-of-one", "probability")
    assert found["proof"]["change"] == "with a sigmoid in probability"
    assert not any(trial["learned"] for trial in found["proof"]["without"])
    assert all(trial["accuracy"] > 0.9 for trial in found["proof"]["with_cure"])


@pytest.mark.parametrize("name", ["model.keras", "model_2d.keras"])
def test_python_takes_the_windows_as_they_are(case: Path, name: str) -> None:
    data = np.load(case / "data.npz")
    model = keras.models.load_model(case / name)
    for windows in (data["images"], data["images"][..., None]):
        assert diagnose(model, windows, data["labels"]).kinds()[0] == "softmax-of-one"
