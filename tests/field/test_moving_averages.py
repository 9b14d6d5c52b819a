"""Right in fit, at chance in evaluate, on the same images (keras-team/keras#6014)."""

from __future__ import annotations

from tests.field.conftest import Command
from tests.field.diagnosing import first, kinds

CASE = "moving_averages"
DATA = ("--data", "npz:data.npz")


def test_the_statistics_are_named(harness: Command) -> None:
    for more in ((), ("--history", "history.json")):
        ran = harness("diagnose", "model.keras", *DATA, *more, "--json")
        assert ran.code == 1
        assert first(ran)["kind"] == "moving-statistics"
        assert first(ran)["where"] == "norm"
        assert "chance-plateau" not in kinds(ran)


def test_recalibration_is_not_credited_to_pruning(harness: Command) -> None:
    ran = harness("prune", "model.keras", "--filters", "1", "--recalibrate", *DATA, "--json")
    assert ran.code == 0
    recovery = ran.json["recovery"]
    assert recovery["original_recalibrated"] > recovery["original"] + 0.2


def test_run_says_that_the_original_is_at_chance(harness: Command) -> None:
    ran = harness("run", "model.keras", *DATA, "--quiet")
    assert ran.code == 1
    assert "chance" in ran.out
