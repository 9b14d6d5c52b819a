"""Who stands on the frontier of a run."""

from __future__ import annotations

from harness.compare import Answers
from tests.compare.worlds import CONV


def test_a_control_never_stands_on_the_frontier(answers: Answers) -> None:
    assert answers.variant(f"{CONV}, 1 filter, first rows").places == {}
    assert answers.variant(f"{CONV}, 1 filter").places.keys() == {1, 32}


def test_the_frontier_is_sorted_by_latency_and_ends_with_the_most_accurate(answers: Answers) -> None:
    frontier = answers.frontier("mnist5k", 1)
    latencies = [variant.latencies[1].typical_us for variant in frontier]
    accuracies = [variant.accuracy.value for variant in frontier if variant.accuracy]
    assert latencies == sorted(latencies)
    assert accuracies == sorted(accuracies)
    assert accuracies[-1] == max(each.accuracy.value for each in answers.variants if each.accuracy)
