"""What a factor of a study does, everything else being equal."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.spec import Study
from tests.synthetic import results_of


def test_a_factor_is_told_with_everything_else_equal(answers: Answers) -> None:
    (contrast,) = answers.contrasts
    assert (contrast.factor, contrast.base, contrast.value, contrast.same) == ("padding", "same", "valid", {})
    assert contrast.change is not None
    assert contrast.change.value == pytest.approx(-0.006, abs=0.001)
    assert contrast.speedups[1].value == pytest.approx(1 / 0.75, rel=0.03)


def test_every_value_of_a_factor_is_compared_with_its_first_for_each_setting_of_the_others() -> None:
    grid = {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"], "dense": [64, 128, 256]}}
    found = compare(results_of(Study.model_validate({"name": "grid", "networks": [grid]}))).contrasts
    told = [(each.factor, each.value, *each.same.values()) for each in found]
    assert [each for each in told if each[0] == "padding"] == [
        ("padding", "valid", dense) for dense in ("64", "128", "256")
    ]
    assert len([each for each in told if each[0] == "dense"]) == 4


def test_accuracies_of_different_tasks_are_not_compared() -> None:
    network = {"model": "deepcaptcha", "vary": {"data.name": ["mnist5k", "fashion_mnist"]}}
    answers = compare(results_of(Study.model_validate({"name": "tasks", "networks": [network]})))
    assert [contrast.change for contrast in answers.contrasts] == [None]
    assert [len(answers.frontier(task, 1)) for task in ("mnist5k", "fashion_mnist")] == [1, 1]
