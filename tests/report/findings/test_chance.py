"""A file that knows no more than chance, and one that does."""

from __future__ import annotations

from harness.spec import Study
from tests.report.findings.worlds import SPACE, of_file, said
from tests.synthetic import World, results_of


def test_a_file_at_chance_is_told_before_anything_and_nothing_is_concluded() -> None:
    told = said(of_file(0.25))
    assert set(told) == {"At chance"}
    assert told["At chance"].warning
    (item,) = told["At chance"].items
    assert item.replace(SPACE, " ") == (
        "trained.keras: 25.0 % of 1,000 test examples right, where one answer for all scores 25.0 %, and 45.0 % once "
        "trained on for 1 epoch."
    )


def test_where_examples_are_too_few_to_tell_it_says_so() -> None:
    """27 % of 1,000 where chance is 25 % is luck once in 13 times."""
    (item,) = said(of_file(0.27))["At chance"].items
    assert item.endswith("once trained on for 1 epoch, and so few examples can't tell it from luck: give more.")


def test_a_file_that_learned_is_judged_and_called_by_its_file_name() -> None:
    told = said(of_file(0.7))
    assert "At chance" not in told
    assert "Best buy" in told
    texts = [text for finding in told.values() for text in (finding.text, *finding.items)]
    assert any("How trained.keras was trained is not known here" in text for text in texts)
    assert not any("came trained" in text for text in texts)
    assert not any("More seeds" in text for text in texts), "no seed changes a file"


def test_a_file_is_no_training_and_alone_on_no_frontier() -> None:
    study = Study.model_validate({"name": "file", "seeds": [0, 1], "networks": [{"model": "a.keras"}]})
    told = said(results_of(study, World(accuracy=lambda case, prune: 0.25, chance=0.25)))
    (item,) = told["At chance"].items
    assert "of 1,000 test examples right" in item
    assert "Speed/accuracy frontier" not in said(
        results_of(study, World(accuracy=lambda case, prune: 0.7, chance=0.25))
    )
