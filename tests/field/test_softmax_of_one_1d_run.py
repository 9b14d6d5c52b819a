"""A Softmax over one output, on windows of 10x4 standardized values (stats.stackexchange.com/questions/481881).

The windows reach a network of (10, 4) as they are, and it goes the whole road, though it always answers 1.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.field.conftest import Command

CASE = "softmax_of_one_1d"
DATA = ("--data", "npz:data.npz")
STUDY = """
name = "windows"
data = {name = "npz:data.npz", scale = "raw"}
measure = {batch_sizes = [1], budget_s = 3}
[[networks]]
model = "model.keras"
prune = [{ratio = 0.5, finetune_epochs = 1}]
"""


@pytest.mark.parametrize("command", ["diagnose", "run", "export", "prune"])
def test_values_below_0_are_refused_by_the_name_of_the_option(harness: Command, command: str) -> None:
    ran = harness(command, "model.keras", *DATA, *(["--ratio", "0.5"] if command in {"run", "prune"} else []), "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "take them as they are with --scale raw" in ran.err


def test_prune_tune_and_export(harness: Command) -> None:
    tuned = ("--ratio", "0.5", "--finetune-epochs", "1", "-o", "pruned.keras")
    assert harness("prune", "model.keras", *DATA, "--scale", "raw", *tuned).code == 0
    assert harness("export", "pruned.keras", *DATA, "--scale", "raw", "-o", "pruned.onnx").code == 0


def test_run(harness: Command, case: Path) -> None:
    (case / "windows.toml").write_text(STUDY)
    ran = harness("run", "windows.toml", "--json", "--quiet")
    accuracies = [row["accuracy"]["correct"] for row in ran.json["rows"]]
    assert all(0.5 < correct.count("1") / len(correct) < 0.7 for correct in accuracies), "always class 1"
