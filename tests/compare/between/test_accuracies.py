"""The accuracies of two runs: what is the same question, and what a difference takes to be one."""

from __future__ import annotations

import numpy as np
import pytest

from harness.base.errors import SpecError
from harness.compare.between.accuracies import AccuracyChange, accuracy_changes
from harness.compare.results import Results
from harness.spec import Case, PruneSpec
from tests.compare.worlds import CONV, STUDY
from tests.synthetic import World, accuracy_of, results_of


def lower(by: float) -> World:
    """The pruned networks lose more than they did."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return accuracy_of(case, prune) - (by if prune is not None and prune.ratio == 0.5 else 0.0)

    return World(accuracy=accuracy)


def by_name(before: Results, after: Results) -> dict[str, AccuracyChange]:
    return {one.name: one for one in accuracy_changes(before, after)}


def with_rows(results: Results, **update: object) -> Results:
    return results.model_copy(update={"rows": tuple(row.model_copy(update=update) for row in results.rows)})


def test_the_same_run_shows_no_difference(results: Results) -> None:
    found = accuracy_changes(results, results)
    assert len(found) == len({(row.case.network, row.variant) for row in results.rows})
    for one in found:
        assert (one.change.value, one.p_adjusted, one.verdict) == (0.0, 1.0, "inconclusive")
        assert one.change.low < 0 < one.change.high
        assert one.before == one.after


def test_what_became_worse_is_found_and_nothing_else(results: Results) -> None:
    found = by_name(results, results_of(STUDY, lower(0.06)))
    worse = {name for name, one in found.items() if one.verdict == "worse"}
    assert worse == {name for name in found if name.endswith("50 %")}
    one = found[next(iter(worse))]
    assert one.change.low < -0.06 < one.change.high < 0
    assert one.before.value - one.after.value == pytest.approx(0.06, abs=0.01)
    back = by_name(results_of(STUDY, lower(0.06)), results)
    assert {name for name, one in back.items() if one.verdict == "better"} == worse


def test_chance_is_corrected_for() -> None:
    """Two runs of equal networks, other examples right by luck: at most 5 % of pairs of runs show a difference."""
    rng = np.random.default_rng(0)
    study = results_of(STUDY)

    def lucky() -> Results:
        rows = []
        for row in study.rows:
            assert row.accuracy is not None
            correct = "".join(np.where(rng.random(200) < 0.9, "1", "0"))
            accuracy = row.accuracy.model_copy(update={"correct": correct})
            rows.append(row.model_copy(update={"accuracy": accuracy}))
        return study.model_copy(update={"rows": tuple(rows)})

    alarms = [any(one.verdict != "inconclusive" for one in accuracy_changes(lucky(), lucky())) for _ in range(60)]
    assert sum(alarms) <= 7  # of 60 tries at 5 %, more than 7 come about once in a hundred times


def test_other_seeds_are_compared_all_the_same(results: Results) -> None:
    fewer = results.model_copy(update={"rows": tuple(row for row in results.rows if row.case.seed == 0)})
    one = by_name(results, fewer)[f"{CONV}, original"]
    assert (one.seeds_before, one.seeds_after, one.verdict) == (2, 1, "inconclusive")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"examples": "one"}, {"examples": "another"}, "mnist5k: what it holds has changed"),
        ({}, {"limit": 500}, "data mnist5k against mnist5k, limit=500"),
        ({}, {"cut": 900}, "mnist5k: 1,000 examples against 900"),
        ({"examples": None}, {"chance": 0.2}, "mnist5k: what it holds has changed"),
    ],
)
def test_other_examples_are_refused_and_named(
    results: Results, before: dict[str, object], after: dict[str, object], message: str
) -> None:
    with pytest.raises(SpecError) as refused:
        accuracy_changes(changed(results, before), changed(results, after))
    assert str(refused.value) == f"judged on different test examples, so not comparable: {message}"


def changed(results: Results, what: dict[str, object]) -> Results:
    """The results with another digest, limit, number of examples or chance."""
    if "examples" in what:
        return with_rows(results, **what)
    rows = []
    for row in results.rows:
        assert row.accuracy is not None
        data = row.case.data.model_copy(update={"limit": what.get("limit")})
        accuracy = row.accuracy.model_copy(
            update={"correct": row.accuracy.correct[: what.get("cut")], "chance": what.get("chance", 0.104)}  # type: ignore[misc]
        )
        case = row.case.model_copy(update={"data": data})
        rows.append(row.model_copy(update={"case": case, "accuracy": accuracy}))
    return results.model_copy(update={"rows": tuple(rows)})


def test_another_scale_is_the_same_question(results: Results) -> None:
    """Its numbers differ, and so does their digest."""
    rows = []
    for row in results.rows:
        case = row.case.model_copy(update={"data": row.case.data.model_copy(update={"scale": "raw"})})
        rows.append(row.model_copy(update={"case": case, "examples": "raw"}))
    raw = results.model_copy(update={"rows": tuple(rows)})
    assert accuracy_changes(with_rows(results, examples="unit"), raw)
