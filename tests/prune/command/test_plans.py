"""`harness prune --plan`: a plan replayed, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest

import models
from harness.prune.files import plan_path
from harness.records import ChannelPlan
from tests.prune.command.running import Captured, check, run
from tests.prune.nets import chain, randomised, with_nan

L = keras.layers


def test_a_plan_is_replayed_exactly_with_other_weights_too(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """The layers of the other model may have other names, as when the same code builds it again."""
    run(capsys, "prune", saved, "--filters", 2, "--importance", "random", "--seed", 3, "-o", tmp_path / "a.keras")
    other = keras.models.clone_model(chain(), clone_function=renamed)
    randomised(other, seed=9).save(tmp_path / "other.keras")
    replayed = tmp_path / "b.keras"
    code, out, err = run(capsys, "prune", tmp_path / "other.keras", "--plan", tmp_path / "a.plan.json", "-o", replayed)
    assert (code, err) == (0, "")
    assert "proved" in out
    plans = [ChannelPlan.model_validate_json(plan_path(tmp_path / f"{name}.keras").read_text()) for name in "ab"]
    assert plans[0] == plans[1]
    assert check(capsys, tmp_path / "other.keras", replayed)[0] == 0


def renamed(layer: L.Layer) -> L.Layer:
    return type(layer).from_config({**layer.get_config(), "name": f"{layer.name}_again"})


def test_a_plan_for_another_architecture(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Also one whose layers have the same names."""
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    models.build("single_conv").save(tmp_path / "other.keras")
    arguments = ["prune", tmp_path / "other.keras", "--plan", tmp_path / "p.plan.json", "-o", tmp_path / "x.keras"]
    code, _, err = run(capsys, *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert "the plan is for another architecture" in err
    assert check(capsys, tmp_path / "other.keras", tmp_path / "p.keras")[0] == 2
    assert not (tmp_path / "x.keras").exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kept", [], "the plan leaves nothing of 'conv_a'"),
        ("channels", 9, "the plan counts 9 channels of 'conv_a', which has 8; make a new plan"),
    ],
)
def test_a_damaged_plan(field: str, value: object, message: str, saved: Path, capsys: Captured, tmp_path: Path) -> None:
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    plan = json.loads((tmp_path / "p.plan.json").read_text())
    plan[field]["conv_a"] = value
    (tmp_path / "p.plan.json").write_text(json.dumps(plan))
    code, out, err = run(capsys, "prune", saved, "--plan", tmp_path / "p.plan.json", "-o", tmp_path / "x.keras")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "x.keras").exists()


def test_weights_that_are_not_finite_are_not_replayed(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    with_nan().save(tmp_path / "nan.keras")
    code, _, err = run(capsys, "prune", tmp_path / "nan.keras", "--plan", tmp_path / "p.plan.json")
    assert code == 2
    assert "holds NaN or infinity" in err
