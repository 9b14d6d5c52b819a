"""`harness verify`: yes, no, or it can't be told."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np

import harness
from harness.prune.files import plan_path, report_path
from tests.cli.test_app import in_process
from tests.prune.command.running import Captured, check, run
from tests.prune.nets import chain, randomised, with_nan


def test_verify_says_yes_no_and_can_not_tell(saved: Path, capsys: Captured, digits: str) -> None:
    """A proof is about the weights too; those of a tuned network are none of the original's."""
    pruned, tuned = saved.with_name("p.keras"), saved.with_name("t.keras")
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", pruned)
    code, out = check(capsys, saved, pruned)
    assert code == 0
    assert "computes what the masked original computes" in out

    arguments = ["prune", saved, "--ratio", 0.5, "-o", tuned, "--data", digits, "--finetune-epochs", 1]
    assert run(capsys, *arguments, "--no-baselines")[0] == 0
    code, out = check(capsys, saved, tuned)
    assert code == 2
    assert "can't tell: the architecture is right, and the weights were trained on" in out
    code, out = check(capsys, saved, tuned, "--architecture", "--json")
    assert code == 0
    assert json.loads(out)["holds"] is True

    report_path(tuned).unlink()
    code, out = check(capsys, saved, tuned)
    assert code == 1
    assert "the weights are not the original's" in out


def test_verify_says_no_to_a_network_that_is_wrong(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Two channels of a hidden layer in each other's place; another network altogether."""
    pruned = tmp_path / "p.keras"
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", pruned)
    model = keras.models.load_model(pruned)
    kernel = model.get_layer("hidden").kernel
    kernel.assign(np.asarray(kernel)[::-1])
    model.save(pruned)
    code, out = check(capsys, saved, pruned)
    assert code == 1
    assert "the weights are not the original's" in out
    code, out = check(capsys, saved, saved, "--plan", plan_path(pruned))
    assert code == 1
    assert "not what the plan leaves" in out


def test_an_original_with_nan_can_not_be_verified(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Rounding is not to blame then; the architecture can be told all the same."""
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    with_nan().save(tmp_path / "nan.keras")
    code, _, err = in_process(capsys, "verify", str(tmp_path / "nan.keras"), str(tmp_path / "p.keras"))
    assert code == 2
    assert "holds NaN or infinity" in err
    assert check(capsys, tmp_path / "nan.keras", tmp_path / "p.keras", "--architecture")[0] == 0


def test_verify_is_a_function_of_harness() -> None:
    model = randomised(chain())
    result = harness.prune(model, ratio=0.5)
    assert harness.verify(model, result.model, result.plan).holds
