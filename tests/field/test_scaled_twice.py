"""Images of 0 to 1 into a network that divides by 255 itself (keras-io#1549, tensorflow#42506)."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data import load
from harness.pipeline.fitting import fitting_data
from harness.spec import DataSpec, study_of
from tests.field.conftest import Command
from tests.field.diagnosing import first

CASE = "scaled_twice"
DATA = ("--data", "npz:data.npz")


@pytest.mark.parametrize("more", [(), ("--history", "history.json")])
def test_the_scale_is_named_first_and_its_cure_fits(harness: Command, more: tuple[str, ...]) -> None:
    found = first(harness("diagnose", "model.keras", *DATA, *more, "--json"))
    assert found["kind"] == "inputs-unscaled"
    assert "rescaling" in found["cure"]
    assert "divide by 255" not in found["cure"]


def test_the_cure_is_proved(harness: Command) -> None:
    found = first(harness("diagnose", "model.keras", *DATA, "--prove", "--json"))
    with_cure, without = ([trial["accuracy"] for trial in found["proof"][which]] for which in ("with_cure", "without"))
    assert min(with_cure) > max(without)


def test_raw_pixels_are_right(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", *DATA, "--scale", "raw", "--json")
    assert ran.code == 0
    assert "inputs-unscaled" not in {finding["kind"] for finding in ran.json["findings"]}


def test_a_run_says_that_the_scale_does_not_fit(case: Path, caplog: pytest.LogCaptureFixture) -> None:
    for scale in ("unit", "raw"):
        data = DataSpec(name=f"npz:{case / 'data.npz'}", scale=scale)
        (one,) = study_of(case / "model.keras", data, [0.5], 1).cases()
        caplog.clear()
        fitting_data(one, load(data))
        told = "its layer rescaling scales its inputs itself" in caplog.text and "give --scale raw" in caplog.text
        assert told == (scale == "unit")
