"""Rows become one variant over their seeds."""

from __future__ import annotations

import pytest

from harness.compare import Answers, compare
from harness.spec import Study
from tests.compare.worlds import CONV, SAME
from tests.synthetic import World, results_of


def test_every_network_and_pruning_becomes_one_variant_over_its_seeds(answers: Answers) -> None:
    assert len(answers.variants) == 9
    assert [len(variant.seeds) for variant in answers.variants] == [2] * 9
    assert [variant.original for variant in answers.of(SAME)] == [True, False, False]


def test_planted_losses_of_accuracy_are_found(answers: Answers) -> None:
    half = answers.variant(f"{SAME}, 50 %")
    assert half.change is not None
    assert half.change.value == pytest.approx(-0.006, abs=0.001)
    mistake = answers.variant(f"{CONV}, 1 filter, first rows")
    assert mistake.control
    assert mistake.change is not None
    assert mistake.change.value < -0.7


TUNED = Study.model_validate(
    {
        "name": "tuned",
        "seeds": [0, 1],
        "networks": [{"model": "single_conv", "prune": [{"filters": [1, 2], "finetune_epochs": [0, 1, 3]}]}],
    }
)


def test_the_original_is_trained_on_as_long_as_what_is_pruned() -> None:
    """Once for each number of epochs; more training is worth two points here, whatever is pruned."""
    answers = compare(results_of(TUNED, World(longer=0.02)))
    assert [variant.label for variant in answers.longer] == ["original, tuned 1", "original, tuned 3"]
    original = answers.variants[0]
    for longer in answers.longer:
        assert longer.architectures == original.architectures, "nothing more to measure"
        assert longer.latencies == original.latencies
        assert longer.speedups == {}
        assert longer.places.keys() == {1, 32}
        assert longer.change is not None
        assert longer.change.value == pytest.approx(0.02)
    for variant in answers.pruned:
        assert variant.prune is not None
        assert variant.change is not None
        if variant.prune.finetune_epochs == 0:
            assert variant.equal_change is None
        else:
            assert variant.equal_change is not None
            assert variant.equal_change.value == pytest.approx(variant.change.value - 0.02)


def test_what_could_not_be_pruned_has_not_the_weights_of_its_original() -> None:
    study = Study.model_validate({"name": "x", "networks": [{"model": "deepcaptcha", "prune": [{"ratio": 0.5}]}]})
    results = results_of(study)
    rows = [
        each.model_copy(update={"pruning": None, "error": "no widths are as fast"}) if each.prune else each
        for each in results.rows
    ]
    before, pruned = compare(results.model_copy(update={"rows": tuple(rows)})).variants
    assert before.parameters is not None
    assert pruned.parameters is None
