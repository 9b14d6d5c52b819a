"""Which variant to ship."""

from __future__ import annotations

import pytest

from harness.compare import Answers, Choice, Verdict, compare
from harness.spec import Case, PruneSpec, Study
from tests.compare.worlds import SAME, STUDY, unlearned
from tests.synthetic import World, results_of


def chosen(study: Study = STUDY, world: World | None = None) -> tuple[Choice, ...]:
    return compare(results_of(study, world)).choices


def test_there_is_one_for_each_batch_size_against_the_first_network(answers: Answers) -> None:
    assert [(choice.batch, choice.reference) for choice in answers.choices] == [
        (1, f"{SAME}, original"),
        (32, f"{SAME}, original"),
    ]


def test_it_is_the_fastest_of_those_shown_to_lose_little_whatever_network_it_is_of() -> None:
    """All are as accurate, but half off; 'valid' is a third faster, and most so with a quarter off."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.9 if prune is not None and prune.ratio == 0.5 else 0.99

    def latency(case: Case, prune: PruneSpec | None, batch: int) -> float:
        faster = 1.0 if prune is None else 1.2 if prune.ratio == 0.25 else 3.0
        return 100.0 / faster / (1.5 if case.options.get("padding") == "valid" else 1.0)

    alone = STUDY.model_copy(update={"networks": STUDY.networks[:1]})
    (choice, _) = chosen(alone, World(accuracy=accuracy, latency_us=latency))
    assert choice.variant == "deepcaptcha padding=valid, 25 %"
    assert choice.safe
    assert choice.speedups[1].value == pytest.approx(1.8, rel=0.02)
    assert choice.change is not None
    assert choice.lowest > -0.01
    assert (choice.faster, choice.others) == (5, 5)


def test_where_none_is_shown_to_lose_little_it_is_that_which_comes_nearest(answers: Answers) -> None:
    choice = answers.choices[0]
    assert not choice.safe
    assert choice.variant is not None
    assert choice.lowest <= -0.01
    assert choice.speedups[1].verdict is Verdict.FASTER


def test_where_nothing_is_faster_it_is_nothing() -> None:
    for choice in chosen(world=World(latency_us=lambda case, prune, batch: 100.0)):
        assert choice.variant is None
        assert choice.faster == 0
        assert choice.others == 7, "all but the mistake"


def test_more_training_counts_against_what_was_fine_tuned() -> None:
    """The original gains two points when it is trained on; a variant that keeps its accuracy has lost those."""
    network = {"model": "deepcaptcha", "prune": [{"ratio": 0.5, "finetune_epochs": 1}]}
    study = Study.model_validate({"name": "longer", "networks": [network]})
    (choice, _) = chosen(study, World(accuracy=lambda case, prune: 0.95, longer=0.02))
    assert choice.equal_change is not None
    assert choice.equal_change.value == pytest.approx(-0.02, abs=0.005)
    assert not choice.safe


def test_what_is_wrong_on_purpose_is_no_choice() -> None:
    def latency(case: Case, prune: PruneSpec | None, batch: int) -> float:
        return 10.0 if prune is not None and prune.filters else 100.0

    single = {"model": "single_conv", "prune": [{"filters": 1, "rows": "first"}, {"ratio": 0.5}]}
    study = Study.model_validate({"name": "mistake", "networks": [single]})
    assert {choice.variant for choice in chosen(study, World(latency_us=latency))} == {None}


def test_what_never_learned_is_no_reference() -> None:
    assert {choice.reference for choice in chosen(world=unlearned({0, 1}))} == {"single_conv, original"}


def test_a_run_without_latencies_has_none() -> None:
    assert chosen(world=World(measured=False)) == ()
