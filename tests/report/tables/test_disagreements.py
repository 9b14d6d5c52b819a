"""Test examples that a variant answers otherwise than its original."""

from __future__ import annotations

from harness.compare import compare
from harness.compare.results import Results
from harness.records import Accuracy
from harness.report.names import Names
from harness.report.tables.disagreements import disagreement_table
from harness.spec import Study
from tests.report.tables.columns import column
from tests.synthetic import World, results_of

HALF = {"name": "half", "seeds": [0, 1], "networks": [{"model": "single_conv", "prune": [{"ratio": 0.5}]}]}


def answering(answers: dict[tuple[bool, int], str]) -> Results:
    """The study with these right and wrong answers, by whether it was pruned and by seed."""
    results = results_of(Study.model_validate(HALF), World(chance=None))
    rows = [
        row.model_copy(
            update={"accuracy": Accuracy(correct=answers[row.prune is not None, row.case.seed], device="cpu")}
        )
        for row in results.rows
    ]
    return results.model_copy(update={"rows": tuple(rows)})


def test_what_became_wrong_and_right_is_counted_and_named_where_all_seeds_agree() -> None:
    results = answering({(False, 0): "11101", (True, 0): "10011", (False, 1): "11111", (True, 1): "10111"})
    answers = compare(results)
    table = disagreement_table(results, answers, Names(answers))
    assert table is not None
    ((network, variant, wrong, right, of, every),) = table.rows
    assert (network.text, variant.text) == ("single_conv", "50\u00a0%")
    assert (wrong.value, right.value, of.text) == (3, 1, "10")
    assert every.text == "1"


def test_long_lists_are_cut_and_counted() -> None:
    results = answering({(pruned, seed): ("0" if pruned else "1") * 30 for pruned in (True, False) for seed in (0, 1)})
    answers = compare(results)
    table = disagreement_table(results, answers, Names(answers))
    assert table is not None
    assert column(table, "Wrong with every seed")[0].text == "0, 1, 2, 3, 4, 5, 6, 7 … 30 in all"


def test_originals_alone_have_nothing_to_compare() -> None:
    results = results_of(Study.model_validate({"name": "one", "networks": [{"model": "single_conv"}]}))
    answers = compare(results)
    assert disagreement_table(results, answers, Names(answers)) is None
