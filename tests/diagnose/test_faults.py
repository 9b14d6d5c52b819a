"""Planted faults are named, and healthy networks left alone: a few of each kind here, all of them in the sweep."""

from __future__ import annotations

import pytest

from tests.diagnose.cases import healthy, held_out, held_out_again, planted
from tests.diagnose.cases.case import Case
from tests.diagnose.sweep import Outcome, sweep

QUICK_FAULTS = (
    "Rescaling to -1 and 1, divided before",
    "Rescaling, divided before, a history at chance",
    "single_conv, black images",
    "single_conv, one in two images black",
    "dense, Dropout of 0.99",
    "dense, two Softmaxes within",
    "dense, all weights 0.01",
    "two layers of deviation 5",
    "Softmax over an axis of one",
    "single_conv, 0 to 255",
    "single_conv, no Softmax",
    "single_conv, ReLU before Softmax",
    "Softmax over one output",
    "a dead output",
    "single_conv, one-hot labels",
    "single_conv, labels from 1",
    "deepcaptcha, one class",
    "poolings eat 28 pixels",
    "dense layers without activation",
    "single_conv, dead convolution",
    "eight small initial layers",
    "six large initial layers",
    "six sigmoid layers",
    "single_conv, large last layer",
    "single_conv, one class weighed 1e6 times",
    "a square root of zeros",
    "single_conv, SGD at 30",
    "single_conv, one answer",
    "every layer frozen",
)
QUICK_HEALTHY = (
    "Rescaling, 0 to 255",
    "dense, 512 units, Dropout of 0.8",
    "a gate by a Softmax",
    "a last layer of zeros",
    "single_conv, no channel axis",
    "single_conv",
    "dense, 2 layers",
    "BatchNormalization, 0 to 255",
    "a linear bottleneck",
    "logits",
    "two classes of -1 and 1, hinge",
    "raw operations",
    "a split",
    "LSTM with its states",
    "SGD at 0.1",
    "AdamW, compiled",
    "adapted normalization, 0 to 255",
)
MOST_FALSE_ALARMS = 1
NAMED = 0.95


def chosen(table: tuple[Case, ...], names: tuple[str, ...]) -> list[Case]:
    found = [case for case in table if case.name in names]
    assert len(found) == len(names)
    return found


@pytest.mark.parametrize("case", chosen(planted.PLANTED, QUICK_FAULTS), ids=lambda case: case.name)
def test_a_planted_fault_is_the_first_finding(case: Case) -> None:
    assert case.diagnose().kinds()[0] == case.kind


@pytest.mark.parametrize("case", chosen(healthy.HEALTHY, QUICK_HEALTHY), ids=lambda case: case.name)
def test_a_healthy_network_is_left_alone(case: Case) -> None:
    """Nothing stops it, and nothing slows it."""
    assert [finding.kind for finding in case.diagnose().findings if finding.severity != "note"] == []


def shown(outcomes: list[Outcome], wrong: list[Outcome]) -> str:
    return "\n".join([f"{len(wrong)} of {len(outcomes)} wrong:", *(outcome.line for outcome in wrong)])


@pytest.mark.slow
@pytest.mark.parametrize(
    "table",
    [planted.PLANTED, held_out.PLANTED, held_out_again.PLANTED],
    ids=["planted", "held out", "held out again"],
)
def test_95_percent_of_all_planted_faults_are_named(table: tuple[Case, ...]) -> None:
    outcomes = sweep(table)
    wrong = [outcome for outcome in outcomes if not outcome.named]
    print(shown(outcomes, wrong))  # noqa: T201
    assert len(outcomes) >= 15
    assert len(wrong) <= (1 - NAMED) * len(outcomes), shown(outcomes, wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    "table",
    [healthy.HEALTHY + healthy.APPLICATIONS, held_out.HEALTHY, held_out_again.HEALTHY],
    ids=["healthy", "held out", "held out again"],
)
def test_at_most_one_healthy_network_is_said_not_to_learn(table: tuple[Case, ...]) -> None:
    outcomes = sweep(table)
    wrong = [outcome for outcome in outcomes if outcome.false_alarm]
    print(shown(outcomes, wrong))  # noqa: T201
    assert len(wrong) <= MOST_FALSE_ALARMS, shown(outcomes, wrong)
