"""Labels of 0 to 24 without 9, and three outputs (community.deeplearning.ai/t/can-not-achieve-desired-accuracy/436298).

The gap is no mistake: a network of 25 outputs learns them, and goes the whole road.
"""

from __future__ import annotations

from pathlib import Path

from tests.field.conftest import Command

CASE = "sign_letters"
STUDY = """
name = "signs"
data = {name = "npz:data.npz"}
measure = {batch_sizes = [1], budget_s = 3}
[[networks]]
model = "fixed.keras"
prune = [{ratio = 0.5, finetune_epochs = 2}]
"""


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
