"""Pixels divided by 255 before a network that divides them itself (keras-team/keras-io#1549): a run warns of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data import load
from harness.pipeline import fitting_data
from harness.spec import DataSpec, study_of

CASE = "scaled_twice"


def test_a_run_says_that_the_scale_does_not_fit(case: Path, caplog: pytest.LogCaptureFixture) -> None:
    for scale in ("unit", "raw"):
        data = DataSpec(name=f"npz:{case / 'data.npz'}", scale=scale)
        (one,) = study_of(case / "model.keras", data, [0.5], 1).cases()
        caplog.clear()
        fitting_data(one, load(data))
        told = "its layer rescaling scales its inputs itself" in caplog.text and "give --scale raw" in caplog.text
        assert told == (scale == "unit")
