"""Pixels divided by 255 for a network that divides by 255 itself (keras-team/keras-io#1549).

To divide by 255, the usual cure, is the mistake itself; `unit` is the default scale, so the fault is the default.
"""

from __future__ import annotations

from typing import Any

from tests.field.conftest import Command

CASE = "scaled_twice"
DATA = ("--data", "npz:data.npz")


def first(harness: Command, *arguments: str) -> Any:
    ran = harness("diagnose", "model.keras", *DATA, *arguments, "--json")
    assert ran.code == 1
    return ran.json["findings"][0]


def test_what_enters_is_too_small_and_raw_pixels_cure_it(harness: Command) -> None:
    found = first(harness, "--prove")
    assert (found["kind"], found["where"], found["severity"]) == ("inputs-unscaled", "conv_1", "stops learning")
    assert 0.001 < found["evidence"]["value"] < 0.003
    assert found["cure"].startswith("Give rescaling raw pixels")
    assert "leave rescaling out" in found["cure"]
    assert not any(trial["learned"] for trial in found["proof"]["without"])
    assert all(trial["accuracy"] > 0.9 for trial in found["proof"]["with_cure"])


def test_a_history_at_chance_does_not_stand_before_its_cause(harness: Command) -> None:
    assert first(harness, "--history", "history.json")["kind"] == "inputs-unscaled"


def test_nothing_is_found_on_raw_pixels(harness: Command) -> None:
    ran = harness("diagnose", "model.keras", *DATA, "--scale", "raw", "--json")
    assert (ran.code, ran.json["findings"]) == (0, [])
