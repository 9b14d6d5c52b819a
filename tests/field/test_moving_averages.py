"""BatchNormalization after few steps (keras-team/keras#6014, #7265): right in fit, at chance in inference.

Measuring its statistics again mends the original as it mends what is pruned, so pruning gets no credit; and nothing is
concluded from pruning a network that only guesses.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.field.conftest import Command

CASE = "moving_averages"
STUDY = """
name = "lamps"
data = {name = "npz:data.npz", test_fraction = 0.5}
measure = {batch_sizes = [1], budget_s = 3}
[[networks]]
model = "model.keras"
prune = [{filters = 1, finetune_epochs = 1}]
"""


@pytest.mark.parametrize("arguments", [(), ("--history", "history.json")], ids=["alone", "history"])
def test_the_layer_both_figures_and_the_cure_are_named(harness: Command, arguments: tuple[str, ...]) -> None:
    ran = harness("diagnose", "model.keras", "--data", "npz:data.npz", *arguments, "--json")
    first = ran.json["findings"][0]
    assert (ran.code, first["kind"], first["where"]) == (1, "moving-statistics", "norm")
    assert first["evidence"]["value"] < 0.7
    assert first["evidence"]["better"] > 0.9
    assert "momentum=0.9 in norm" in first["cure"]
    assert "predictions-collapsed" not in [finding["kind"] for finding in ran.json["findings"]]


def test_recalibration_is_not_credited_to_pruning(harness: Command) -> None:
    ran = harness("prune", "model.keras", "--filters", "1", "--recalibrate", "--data", "npz:data.npz", "-o", "p.keras")
    assert ran.code == 0
    assert "the gain over the original is not pruning's: recalibration alone takes the original from " in ran.out
    ran = harness(
        "prune", "model.keras", "--filters", "1", "--recalibrate", "--data", "npz:data.npz", "-o", "q.keras", "--json"
    )
    recovery = ran.json["recovery"]
    assert recovery["original"] < 0.6
    assert min(recovery["original_recalibrated"], recovery["recalibrated"]) > 0.8


def test_it_is_said_to_be_at_chance_before_anything_is_concluded(harness: Command, case: Path) -> None:
    (case / "lamps.toml").write_text(STUDY)
    ran = harness("run", "lamps.toml", "--quiet")
    assert ran.code == 1
    assert ran.out.startswith("At chance. ")
    assert "once trained on for 1 epoch" in ran.out
    assert "Best buy" not in ran.out
    assert "frontier. " not in ran.out
