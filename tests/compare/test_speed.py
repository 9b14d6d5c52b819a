"""Latencies and speed-ups, in worlds where the truth is known."""

from __future__ import annotations

import pytest

from harness.compare import Answers, Verdict, compare, compared
from harness.compare.results import Results
from harness.spec import Study
from tests.compare.worlds import CONV, SAME, STUDY
from tests.synthetic import World, digest, results_of


def test_planted_speed_is_found(answers: Answers) -> None:
    """A quarter off buys nothing at batch 1 and costs at batch 32; half off is about twice as fast."""
    quarter, half = answers.variant(f"{SAME}, 25 %"), answers.variant(f"{SAME}, 50 %")
    assert quarter.speedups[1].verdict is Verdict.EQUIVALENT
    assert quarter.speedups[32].verdict is Verdict.SLOWER
    assert quarter.speedups[32].value == pytest.approx(0.83, rel=0.03)
    assert half.speedups[1].verdict is Verdict.FASTER
    assert half.speedups[1].value == pytest.approx(2.1, rel=0.03)


def test_variants_of_one_graph_share_their_latency(answers: Answers) -> None:
    mistake, right = answers.variant(f"{CONV}, 1 filter, first rows"), answers.variant(f"{CONV}, 1 filter")
    assert mistake.architectures == right.architectures
    assert mistake.latencies == right.latencies
    assert mistake.speedups == right.speedups


def test_speedups_are_those_that_were_asked_for_corrected_together(results: Results, answers: Answers) -> None:
    """Two paddings, two ratios, and one graph for both ways to remove a filter: five pairs at two batch sizes."""
    (asked,) = compared(results).asked
    assert len(asked) == 10
    told = {(round(found.speedup or 0, 12), found.verdict) for found in asked}
    mine = {(round(s.value, 12), s.verdict.value) for each in answers.pruned for s in each.speedups.values()}
    assert mine == told


def test_latency_intervals_are_of_the_ratio_to_a_reference_that_has_none(answers: Answers) -> None:
    reference = answers.variant(f"{SAME}, original").latencies[1]
    assert (reference.low_us, reference.high_us) == (None, None)
    half = answers.variant(f"{SAME}, 50 %").latencies[1]
    assert half.low_us is not None
    assert half.high_us is not None
    assert half.low_us < half.typical_us < half.high_us
    assert half.high_us / half.low_us < 1.1, "launches differ by half, but all networks alike"


def test_latencies_agree_with_the_speed_ups(results: Results, answers: Answers) -> None:
    """The first network has its plain median; all others follow from paired ratios."""
    first = answers.variant(f"{SAME}, original")
    assert first.latencies[32].typical_us == results.measurements[0].row(0, 32).median_us
    for variant in answers.pruned:
        original = answers.of(variant.network)[0]
        for batch, speedup in variant.speedups.items():
            expected = original.latencies[batch].typical_us / speedup.value
            assert variant.latencies[batch].typical_us == pytest.approx(expected)


def test_the_control_is_told(answers: Answers) -> None:
    assert [control.batch for control in answers.controls] == [1, 32]
    assert {control.speedup.verdict for control in answers.controls} <= {Verdict.EQUIVALENT, Verdict.INCONCLUSIVE}


SIZES = Study.model_validate(
    {
        "name": "sizes",
        "networks": [
            {"model": "deepcaptcha", "vary": {"filters": [[32], [16]]}, "prune": [{"ratio": [0.25, 0.5]}]},
        ],
    }
)


def test_networks_of_other_inputs_are_compared_among_themselves() -> None:
    """Two sizes of one task: each has its reference, its control and its frontier; accuracies are compared across."""
    world = World(inputs=lambda case: (28, 28, 1) if case.options["filters"] == [32] else (14, 14))
    results = results_of(SIZES, world)
    answers = compare(results)
    assert len(results.measurements) == 2
    assert answers.arenas == ("mnist5k, inputs 28×28×1", "mnist5k, inputs 14×14")
    for arena in answers.arenas:
        rivals = {each.places[1].rival for each in answers.variants if each.arena == arena and each.places}
        assert rivals - {None} <= {each.key for each in answers.variants if each.arena == arena}
        assert answers.frontier(arena, 1)
    for number, name in enumerate(answers.networks):
        original, quarter, half = answers.of(name)
        assert original.latencies[1].typical_us == results.measurements[number].row(0, 1).median_us
        assert half.speedups[1].value == pytest.approx(2.1, rel=0.03)
        assert quarter.speedups[32].verdict is Verdict.SLOWER
    assert [(control.inputs, control.batch) for control in answers.controls] == [
        ("28×28×1", 1), ("28×28×1", 32), ("14×14", 1), ("14×14", 32),
    ]  # fmt: skip
    (contrast,) = answers.contrasts
    assert contrast.change is not None
    assert contrast.speedups == {}


def test_comparisons_of_several_measurements_are_corrected_together() -> None:
    together = compared(results_of(SIZES)).asked
    apart = compared(results_of(SIZES, World(inputs=lambda case: tuple(case.options["filters"])))).asked
    assert [len(each) for each in together] == [8]
    assert [len(each) for each in apart] == [4, 4]
    assert sorted(each.p_adjusted or 0 for each in together[0]) == pytest.approx(
        sorted(each.p_adjusted or 0 for part in apart for each in part)
    )


def test_too_few_launches_leave_a_ratio_without_interval() -> None:
    speedup = compare(results_of(STUDY, World(launches=1))).variant(f"{SAME}, 50 %").speedups[1]
    assert (speedup.low, speedup.high) == (None, None)
    assert speedup.verdict is Verdict.INCONCLUSIVE


def test_nothing_removed_is_the_same_graph_and_not_compared(results: Results) -> None:
    rows = [
        row.model_copy(update={"export": row.export.model_copy(update={"architecture": digest(f"{SAME} original")})})
        if row.export and row.case.network == SAME and row.variant in ("original", "25 %")
        else row
        for row in results.rows
    ]
    speedup = compare(results.model_copy(update={"rows": tuple(rows)})).variant(f"{SAME}, 25 %").speedups[1]
    assert speedup.verdict is Verdict.SAME_GRAPH
    assert speedup.value == 1


def test_seeds_of_different_graphs_are_joined_in_what_they_agree_on(results: Results) -> None:
    """Seed 1's 50 % is taken for the 25 % graph: twice as fast and slower do not agree."""
    quarter = next(row.export.architecture for row in results.rows if row.export and row.variant == "25 %")
    rows = [
        row.model_copy(update={"export": row.export.model_copy(update={"architecture": quarter})})
        if row.export and row.case.network == SAME and row.variant == "50 %" and row.case.seed == 1
        else row
        for row in results.rows
    ]
    variant = compare(results.model_copy(update={"rows": tuple(rows)})).variant(f"{SAME}, 50 %")
    assert len(variant.architectures) == 2
    assert variant.speedups[32].verdict is Verdict.INCONCLUSIVE
    assert variant.speedups[32].low is not None
    assert variant.speedups[32].low < 0.9
    assert variant.speedups[32].value == pytest.approx((0.83 * 2.1) ** 0.5, rel=0.03)
