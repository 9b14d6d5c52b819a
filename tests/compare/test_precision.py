"""Variants in other precisions: rows, speed over the original and over themselves in float32, and the frontier."""

from __future__ import annotations

import pytest

from harness.compare import Answers, Verdict, compare
from harness.compare.results import Results
from harness.spec import Study
from tests.synthetic import World, results_of

STUDY = Study.model_validate(
    {
        "name": "precisions",
        "seeds": [0, 1],
        "networks": [
            {
                "model": "deepcaptcha",
                "quantize": ["int8", "fp16"],
                "prune": [{"ratio": 0.5, "finetune_epochs": 1}, {"ratio": 0.5, "baseline": "random"}],
            }
        ],
    }
)


@pytest.fixture(scope="module")
def answers() -> Answers:
    return compare(results_of(STUDY, World(noise=0.002)))


def test_the_original_and_what_is_pruned_are_there_in_each_precision(answers: Answers) -> None:
    """Neither what was only trained on, nor baselines."""
    assert [variant.label for variant in answers.variants] == [
        "original", "original, INT8", "original, FP16", "original, tuned 1",
        "50 %, tuned 1", "50 %, tuned 1, INT8", "50 %, tuned 1, FP16", "50 %, random channels",
    ]  # fmt: skip
    assert len(answers.quantized) == 4
    assert [variant.label for variant in answers.pruned] == ["50 %, tuned 1", "50 %, random channels"]
    assert [variant.original for variant in answers.variants].count(True) == 1


def test_each_has_its_speed_over_the_original_and_over_itself(answers: Answers) -> None:
    network = answers.networks[0]
    whole, pruned = (answers.variant(f"{network}, {label}") for label in ("original, INT8", "50 %, tuned 1, INT8"))
    for batch in answers.batch_sizes:
        assert whole.speedups[batch].value == pytest.approx(1 / 0.7, rel=0.02)
        assert whole.precision_gains[batch].verdict is Verdict.FASTER
        assert pruned.precision_gains[batch].value == pytest.approx(1 / 1.6, rel=0.02)
        assert pruned.precision_gains[batch].verdict is Verdict.SLOWER
    assert pruned.in_float32 == "50 %, tuned 1"
    assert answers.variant(f"{network}, original").precision_gains == {}


def test_all_stand_on_one_frontier_and_can_be_chosen(answers: Answers) -> None:
    batch = answers.batch_sizes[0]
    assert all(batch in variant.places for variant in answers.quantized)
    (choice, *_) = answers.choices
    assert choice.others == 6
    whole = answers.variant(f"{answers.networks[0]}, original, INT8")
    assert whole.change is not None
    assert whole.parameters == answers.variant(f"{answers.networks[0]}, original").parameters


def test_results_without_precisions_are_written_as_before() -> None:
    network = STUDY.networks[0].model_copy(update={"quantize": ()})
    found = results_of(STUDY.model_copy(update={"networks": (network,)}))
    text = found.model_dump_json()
    assert "quantiz" not in text
    assert Results.model_validate_json(text) == found
    other = results_of(STUDY)
    assert Results.model_validate_json(other.model_dump_json()) == other
