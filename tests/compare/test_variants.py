"""From results to answers, in worlds where the truth is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.compare import Answers, Verdict, compare, compared
from harness.compare.results import Results
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, accuracy_of, digest, results_of

STUDY = Study.model_validate(
    {
        "name": "small",
        "seeds": [0, 1],
        "networks": [
            {
                "model": "deepcaptcha",
                "vary": {"padding": ["same", "valid"]},
                "options": {"filters": [32, 48, 64]},
                "prune": [{"ratio": [0.25, 0.5]}],
            },
            {"model": "single_conv", "prune": [{"filters": 1, "rows": "first"}, {"filters": 1}]},
        ],
    }
)
SAME, CONV = "deepcaptcha padding=same", "single_conv"


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of(STUDY)


@pytest.fixture(scope="module")
def answers(results: Results) -> Answers:
    return compare(results)


def test_every_network_and_pruning_becomes_one_variant_over_its_seeds(answers: Answers) -> None:
    assert len(answers.variants) == 9
    assert [len(variant.seeds) for variant in answers.variants] == [2] * 9
    assert [variant.original for variant in answers.of(SAME)] == [True, False, False]


def test_planted_speed_is_found(answers: Answers) -> None:
    """A quarter off buys nothing at batch 1 and costs at batch 32; half off is about twice as fast."""
    quarter, half = answers.variant(f"{SAME}, 25 %"), answers.variant(f"{SAME}, 50 %")
    assert quarter.speedups[1].verdict is Verdict.EQUIVALENT
    assert quarter.speedups[32].verdict is Verdict.SLOWER
    assert quarter.speedups[32].value == pytest.approx(0.83, rel=0.03)
    assert half.speedups[1].verdict is Verdict.FASTER
    assert half.speedups[1].value == pytest.approx(2.1, rel=0.03)


def test_planted_losses_of_accuracy_are_found(answers: Answers) -> None:
    half = answers.variant(f"{SAME}, 50 %")
    assert half.change is not None
    assert half.change.value == pytest.approx(-0.006, abs=0.001)
    mistake = answers.variant(f"{CONV}, 1 filter, first rows")
    assert mistake.control
    assert mistake.change is not None
    assert mistake.change.value < -0.7


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


def test_a_factor_is_told_with_everything_else_equal(answers: Answers) -> None:
    (contrast,) = answers.contrasts
    assert (contrast.factor, contrast.base, contrast.value, contrast.same) == ("padding", "same", "valid", {})
    assert contrast.change is not None
    assert contrast.change.value == pytest.approx(-0.006, abs=0.001)
    assert contrast.speedups[1].value == pytest.approx(1 / 0.75, rel=0.03)


def test_every_value_of_a_factor_is_compared_with_its_first_for_each_setting_of_the_others() -> None:
    grid = {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"], "dense": [64, 128, 256]}}
    found = compare(results_of(Study.model_validate({"name": "grid", "networks": [grid]}))).contrasts
    told = [(each.factor, each.value, *each.same.values()) for each in found]
    assert [each for each in told if each[0] == "padding"] == [
        ("padding", "valid", dense) for dense in ("64", "128", "256")
    ]
    assert len([each for each in told if each[0] == "dense"]) == 4


def test_accuracies_of_different_tasks_are_not_compared() -> None:
    network = {"model": "deepcaptcha", "vary": {"data.name": ["mnist5k", "fashion_mnist"]}}
    answers = compare(results_of(Study.model_validate({"name": "tasks", "networks": [network]})))
    assert [contrast.change for contrast in answers.contrasts] == [None]
    assert [len(answers.frontier(task, 1)) for task in ("mnist5k", "fashion_mnist")] == [1, 1]


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


def test_results_of_version_1_are_read() -> None:
    """They have one measurement or none."""
    found = results_of(STUDY)
    old = json.loads(found.model_dump_json())
    (old["measurement"],) = old.pop("measurements")
    old["schema_version"] = "harness-results/1"
    assert Results.model_validate_json(json.dumps(old)) == found
    assert Results.model_validate_json(json.dumps({**old, "measurement": None})).measurements == ()


def test_answers_can_be_written_as_json(answers: Answers) -> None:
    text = json.dumps(answers.model_dump(mode="json"), allow_nan=False)
    assert Answers.model_validate_json(text) == answers


def unlearned(seeds: set[int]) -> World:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.11 if case.seed in seeds and case.model == "deepcaptcha" else accuracy_of(case, prune)

    return World(accuracy=accuracy)


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


def test_networks_that_are_not_deployed_have_an_accuracy_and_nothing_of_onnx() -> None:
    networks = [
        {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"]}, "deploy": False, "prune": [{"ratio": 0.5}]},
        {"model": "single_conv", "prune": [{"filters": 1}]},
    ]
    answers = compare(results_of(Study.model_validate({"name": "mixed", "seeds": [0, 1], "networks": networks})))
    tried = answers.variant("deepcaptcha padding=same, 50 %")
    assert tried.accuracy is not None
    assert tried.change is not None
    assert tried.devices == ("keras",)
    assert (tried.size_bytes, tried.latencies, tried.speedups, tried.places) == (None, {}, {}, {})
    assert answers.variant("single_conv, 1 filter").speedups.keys() == {1, 32}
    assert answers.failures == {}


def test_a_failed_row_is_told_and_loses_no_other() -> None:
    name = f"{SAME} seed=1 50 %"
    answers = compare(results_of(STUDY, World(failures={name: "ParityError: too far"})))
    variant = answers.variant(f"{SAME}, 50 %")
    assert answers.failures == {name: "ParityError: too far"}
    assert variant.counted == (0,)
    assert variant.speedups[1].verdict is Verdict.FASTER


def test_a_failed_original_leaves_its_variants_without_change() -> None:
    failures = {f"{SAME} seed={seed} original": "ExportError: no" for seed in (0, 1)}
    variant = compare(results_of(STUDY, World(failures=failures))).variant(f"{SAME}, 50 %")
    assert variant.change is None
    assert variant.speedups == {}
    assert variant.accuracy is not None
    assert variant.latencies.keys() == {1, 32}


def test_a_latency_that_could_not_be_measured_is_told() -> None:
    answers = compare(results_of(STUDY, World(unmeasured={f"{SAME}, 50 %, 32": "out of memory"})))
    variant = answers.variant(f"{SAME}, 50 %")
    assert variant.latencies.keys() == {1}
    assert variant.speedups.keys() == {1}
    assert answers.failures == {f"latency of {SAME}, 50 %, batch 32": "out of memory"}


def test_a_row_that_failed_after_some_launches_is_no_reference_for_the_others(results: Results) -> None:
    """The first graph's worker crashed late: its own latency is gone, and nobody else's."""
    (measurement,) = results.measurements
    first, *others = measurement.rows
    assert (first.model, first.batch) == (0, 1)
    rows = (first.model_copy(update={"error": "the worker was killed by SIGKILL"}), *others)
    answers = compare(results.model_copy(update={"measurements": (measurement.model_copy(update={"rows": rows}),)}))
    known = {variant.key: 1 in variant.latencies for variant in answers.variants}
    assert [key for key, there in known.items() if not there] == [f"{SAME}, original"]
    assert answers.failures == {f"latency of {SAME}, original, batch 1": "the worker was killed by SIGKILL"}


def test_without_a_measurement_accuracy_is_still_compared() -> None:
    answers = compare(results_of(STUDY, World(measured=False)))
    assert all(not variant.latencies and not variant.speedups for variant in answers.variants)
    assert answers.controls == ()
    assert answers.variant(f"{SAME}, 50 %").change is not None


def test_too_few_launches_leave_a_ratio_without_interval() -> None:
    speedup = compare(results_of(STUDY, World(launches=1))).variant(f"{SAME}, 50 %").speedups[1]
    assert (speedup.low, speedup.high) == (None, None)
    assert speedup.verdict is Verdict.INCONCLUSIVE


def test_other_modes_have_their_own_answers() -> None:
    study = STUDY.model_copy(update={"measure": STUDY.measure.model_copy(update={"modes": ("end_to_end", "device")})})
    results = results_of(study)
    first, second = compare(results), compare(results, "device")
    assert (first.mode, second.mode) == ("end_to_end", "device")
    key = f"{SAME}, 50 %"
    assert first.variant(key).speedups[1].value != second.variant(key).speedups[1].value


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
