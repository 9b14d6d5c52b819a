"""Test examples that two networks answer otherwise."""

from __future__ import annotations

from harness.compare import disagreements
from tests.compare.examples.worlds import ORIGINAL, PRUNED, answering, labelled

LABELS = [0, 1, 2, 0, 1, 2]


def test_lost_won_and_neither_are_told_apart_with_both_answers() -> None:
    before, after = [0, 0, 1, 0, 1, 2], [0, 1, 0, 2, 1, -1]
    found = disagreements(labelled(answering(LABELS, (before, after))), PRUNED, ORIGINAL)
    assert found is not None
    assert (found.lost, found.won, found.neither, found.examples) == (2, 1, 1, 6)
    told = {each.number: (each.kind, each.truth, each.before, each.after) for each in found.shown}
    assert told == {
        1: ("won", "dog", "cat", "dog"),
        2: ("neither", "fox", "dog", "cat"),
        3: ("lost", "cat", "cat", "fox"),
        5: ("lost", "fox", "fox", "no answer"),
    }


def test_a_dozen_is_shown_those_that_every_seed_loses_first() -> None:
    labels = [0] * 40
    first, second = [1] * 20 + [0] * 20, [0] * 15 + [1] * 5 + [0] * 20
    found = disagreements(labelled(answering(labels, (labels, first), (labels, second))), PRUNED, ORIGINAL)
    assert found is not None
    assert found.lost == 20
    assert [each.number for each in found.shown] == [15, 16, 17, 18, 19, *range(7)]


def test_each_kind_has_its_share_of_the_dozen() -> None:
    labels = [0] * 60
    before = [0] * 20 + [1] * 40
    after = [1] * 20 + [0] * 20 + [2] * 20
    found = disagreements(labelled(answering(labels, (before, after))), PRUNED, ORIGINAL)
    assert found is not None
    kinds = [each.kind for each in found.shown]
    assert {kind: kinds.count(kind) for kind in kinds} == {"lost": 6, "won": 4, "neither": 2}


def test_what_was_not_recorded_is_not_guessed() -> None:
    """Runs of older versions say what was right, but not what else was answered."""
    results = answering(LABELS, (LABELS, LABELS))
    rows = tuple(
        row.model_copy(update={"accuracy": row.accuracy.model_copy(update={"wrong": None})})
        for row in results.rows
        if row.accuracy is not None
    )
    assert disagreements(labelled(results.model_copy(update={"rows": rows})), PRUNED, ORIGINAL) is None
