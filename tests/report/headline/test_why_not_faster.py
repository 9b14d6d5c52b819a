"""Why no faster dot above the dotted line is the recommended one."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.report import format as fmt
from harness.report.headline import why_not_faster
from harness.report.names import Names
from harness.spec import Study
from tests.report.headline.worlds import HALF, pruned
from tests.synthetic import World, results_of

LONGER = " against the original given the same extra training"


def compared(half: float, *more: dict[str, object], **world: float) -> Answers:
    return compare(pruned(half, *more, **world))


def told(answers: Answers) -> str:
    return why_not_faster(answers.choices[0], answers, Names(answers)).replace(fmt.SPACE, " ")


def test_above_the_line_a_larger_loss_can_not_be_ruled_out() -> None:
    """Its own accuracy is well above the line, but not its whole interval: the dot alone does not show why."""
    answers = compared(0.983)
    choice = answers.choices[0]
    (over,) = choice.passed_over
    assert choice.variant == "deepcaptcha, 25 %, tuned 1"
    assert choice.safe
    assert over.faster
    assert not over.costly
    assert told(answers) == f"50 % may lose {-100 * over.lowest:.1f} points{LONGER}."


@pytest.mark.parametrize("half", [0.99, 0.95], ids=["it is the choice", "below the line"])
def test_where_nothing_is_to_be_explained_nothing_is_said(half: float) -> None:
    assert told(compared(half)) == ""


def test_many_are_counted_and_their_losses_span() -> None:
    answers = compared(0.983, HALF | {"importance": "l2"}, HALF | {"importance": "random"})
    lowest = sorted(-100 * each.lowest for each in answers.choices[0].passed_over)
    span = f"{lowest[0]:.1f} to {lowest[-1]:.1f}" if f"{lowest[0]:.1f}" != f"{lowest[-1]:.1f}" else f"{lowest[0]:.1f}"
    assert told(answers) == f"3 of them may lose {span} points{LONGER}."


def test_what_is_worse_than_the_original_trained_on_has_lost_even_above_the_line() -> None:
    answers = compared(0.957, whole=0.96, longer=0.03)
    (over,) = answers.choices[0].passed_over
    assert over.costly
    assert over.equal_change is not None
    assert told(answers) == f"50 % loses {-100 * over.equal_change.value:.1f} points{LONGER}."


def test_what_is_not_shown_to_be_faster_is_not_said_to_lose() -> None:
    answers = compared(0.983)
    (over,) = answers.choices[0].passed_over
    unsure = over.model_copy(update={"faster": False})
    choice = answers.choices[0].model_copy(update={"passed_over": (unsure,)})
    assert told(answers.model_copy(update={"choices": (choice,)})) == "50 % is not shown to be faster."


def test_a_baseline_is_only_for_comparison() -> None:
    answers = compared(0.983, HALF | {"baseline": "random"})
    assert told(answers).endswith(" is only for comparison.")
    assert told(answers).startswith("50 % may lose ")


def test_without_a_choice_the_headline_says_it_all() -> None:
    study = Study.model_validate({"name": "why", "networks": [{"model": "deepcaptcha", "prune": [HALF]}]})
    answers = compare(results_of(study, World(latency_us=lambda case, prune, batch: 100.0)))
    assert answers.choices[0].variant is None
    assert told(answers) == ""
