"""Whether originals learned, and what that does to what is said of their variants."""

from __future__ import annotations

from typing import Any

import pytest

from harness.compare import Answers, compare
from harness.spec import Case, PruneSpec, Study
from tests.compare.worlds import SAME, STUDY, unlearned
from tests.synthetic import World, accuracy_of, results_of


def test_a_seed_whose_original_did_not_learn_counts_for_nothing() -> None:
    variant = compare(results_of(STUDY, unlearned({1}))).variant(f"{SAME}, 50 %")
    assert variant.learned is True
    assert variant.unlearned_seeds == (1,)
    assert variant.counted == (0,)
    assert variant.accuracy is not None
    assert variant.accuracy.value > 0.9
    assert variant.spread is None


def test_a_network_that_never_learned_is_shown_but_not_on_the_frontier() -> None:
    variant = compare(results_of(STUDY, unlearned({0, 1}))).variant(f"{SAME}, 50 %")
    assert variant.learned is False
    assert variant.counted == (0, 1)
    assert variant.accuracy is not None
    assert variant.accuracy.value == pytest.approx(0.11)
    assert variant.places == {}


def test_what_never_learned_has_no_change_and_keeps_the_run_from_an_answer() -> None:
    answers = compare(results_of(STUDY, unlearned({0, 1})))
    variant = answers.variant(f"{SAME}, 50 %")
    assert variant.change is None
    assert [seed.change for seed in variant.seeds] == [None, None]
    assert [each.network for each in answers.unanswered] == [SAME, "deepcaptcha padding=valid"]
    assert compare(results_of(STUDY, unlearned({1}))).unanswered == ()


def of_file(accuracy: float, chance: float | None = 0.25, **options: Any) -> Answers:
    """A file whose original has this accuracy; whatever is pruned from it is at 60 %."""
    network = {"model": "some/trained.keras", "prune": [{"ratio": 0.5, **options}]}
    study = Study.model_validate({"name": "file", "networks": [network]})
    world = World(accuracy=lambda case, prune: accuracy if prune is None else 0.6, longer=0.0, chance=chance)
    return compare(results_of(study, world))


@pytest.mark.parametrize(
    ("accuracy", "learned"), [(0.25, False), (0.1, False), (0.27, False), (0.4, True), (1.0, True)]
)
def test_a_file_is_judged_by_its_answers_on_the_test_examples(accuracy: float, learned: bool) -> None:
    """There is no training to judge. 27 % of 1,000 where chance is 25 %: that may be luck."""
    answers = of_file(accuracy, finetune_epochs=1)
    original, longer, pruned = answers.variants
    assert {original.learned, longer.learned, pruned.learned} == {learned}
    assert [variant.places.keys() == {1, 32} for variant in answers.variants] == [learned] * 3
    assert (pruned.change is None, pruned.equal_change is None) == (not learned, not learned)
    assert answers.unanswered == (() if learned else (original,))
    assert original.at_chance is not learned
    assert answers.learning is None


def test_a_training_that_shows_nothing_on_the_test_examples_is_at_chance() -> None:
    """It learned its own examples, as one does whose BatchNormalization then uses statistics that are off."""
    found = results_of(STUDY)
    rows = [
        row.model_copy(update={"accuracy": row.accuracy.model_copy(update={"correct": "1" + 9 * "0"})})
        for row in found.rows
        if row.accuracy
    ]
    answers = compare(found.model_copy(update={"rows": tuple(rows)}))
    assert {row.training.learned for row in rows if row.training} == {True}
    assert [(each.learned, each.at_chance) for each in answers.variants] == [(False, True)] * 9
    assert len(answers.unanswered) == 3
    assert not any(variant.places or variant.change for variant in answers.variants)


def test_a_file_whose_chance_is_not_known_is_not_judged() -> None:
    assert of_file(0.25, chance=None).variants[0].learned is None


def test_a_pruned_network_that_lost_everything_counts() -> None:
    """Pruning that destroys a network is a result; an original that never learned is none."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return accuracy_of(case, prune) if prune is None else 0.1

    variant = compare(results_of(STUDY, World(accuracy=accuracy))).variant(f"{SAME}, 50 %")
    assert variant.learned is True
    assert variant.change is not None
    assert variant.change.clearly_below
    assert 1 in variant.places


def test_without_chance_nothing_is_said_of_learning() -> None:
    """As in results of older versions."""
    answers = compare(results_of(STUDY, World(chance=None)))
    assert answers.learning is None
    assert {variant.learned for variant in answers.variants} == {None}
    assert all(len(variant.counted) == 2 for variant in answers.variants)
