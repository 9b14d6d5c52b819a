"""Accuracy class by class."""

from __future__ import annotations

import pytest

from harness import stats
from harness.compare import class_accuracies, class_changes
from tests.compare.examples.worlds import ORIGINAL, PRUNED, answering, labelled

LABELS = [0] * 20 + [2] * 20


def test_each_class_is_counted_with_wilson_s_interval_and_its_commonest_mistake() -> None:
    """A class without examples is not told; -1 is no class that anything was taken for."""
    given = [0] * 14 + [1, 1, 2, 2, -1, -1] + [2] * 20
    cat, fox = class_accuracies(labelled(answering(LABELS, (given, given))), PRUNED)
    assert (cat.name, cat.examples, cat.right, cat.seeds) == ("cat", 20, 14, 1)
    assert (cat.accuracy.low, cat.accuracy.high) == stats.wilson(14, 20)
    assert (cat.taken_for, cat.mistaken) == ("dog", 2)
    assert (fox.name, fox.accuracy.value, fox.taken_for) == ("fox", 1.0, None)


def test_seeds_are_pooled() -> None:
    half = [0] * 10 + [1] * 10 + [2] * 20
    found = class_accuracies(labelled(answering(LABELS, (LABELS, LABELS), (LABELS, half))), PRUNED)
    assert (found[0].right, found[0].accuracy.value, found[0].seeds) == (30, 0.75, 2)


def test_intervals_are_about_these_trainings_and_other_examples() -> None:
    """Twenty examples are twenty, however many seeds answer them, and however much the seeds differ."""
    half = [0] * 10 + [1] * 10 + [2] * 20
    found = class_accuracies(labelled(answering(LABELS, (LABELS, LABELS), (LABELS, half))), PRUNED)
    assert (found[0].accuracy.low, found[0].accuracy.high) == pytest.approx(stats.wilson(15, 20))
    cat, _ = class_changes(labelled(answering(LABELS, (LABELS, half), (LABELS, half))), PRUNED, ORIGINAL)
    assert cat.verdict == "worse"
    cat, _ = class_changes(labelled(answering(LABELS, (LABELS, LABELS), (LABELS, half))), PRUNED, ORIGINAL)
    assert (cat.change.value, cat.verdict) == (-0.25, "worse")


def test_a_class_that_is_lost_is_found_though_the_whole_hardly_changes() -> None:
    labels = [0] * 30 + [2] * 300
    before, after = labels, [0] * 18 + [1] * 12 + [2] * 300
    cat, fox = class_changes(labelled(answering(labels, (before, after))), PRUNED, ORIGINAL)
    assert cat.verdict == "worse"
    assert cat.change.value == pytest.approx(-0.4)
    assert cat.change.high < 0
    assert fox.verdict == "inconclusive"
    assert (cat.before.right, cat.after.right) == (30, 18)


def test_tests_are_corrected_for_the_number_of_classes() -> None:
    """Six examples lost and none won is p = 0.03 alone, and not enough of two classes."""
    after = [0] * 14 + [1] * 6 + [2] * 20
    cat, _ = class_changes(labelled(answering(LABELS, (LABELS, after))), PRUNED, ORIGINAL)
    assert cat.p_adjusted == pytest.approx(2 * 2 / 2**6)
    assert cat.verdict == "inconclusive"


def test_without_labels_nothing_is_told() -> None:
    results = answering(LABELS, (LABELS, LABELS)).model_copy(update={"example_sets": {}})
    assert class_accuracies(labelled(results), PRUNED) == ()
    assert class_changes(labelled(results), PRUNED, ORIGINAL) == ()


def test_labels_of_other_examples_are_not_used() -> None:
    results = answering(LABELS, (LABELS, LABELS))
    short = {"these": results.example_sets["these"].model_copy(update={"labels": "0 1 2"})}
    assert class_accuracies(labelled(results.model_copy(update={"example_sets": short})), PRUNED) == ()
