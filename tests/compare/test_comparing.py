"""Rows that failed are told, and lose no others; what was not exported or measured is compared as far as it goes."""

from __future__ import annotations

from harness.compare import Verdict, compare
from harness.compare.results import Results
from harness.spec import Study
from tests.compare.worlds import SAME, STUDY
from tests.synthetic import World, results_of


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


def test_other_modes_have_their_own_answers() -> None:
    study = STUDY.model_copy(update={"measure": STUDY.measure.model_copy(update={"modes": ("end_to_end", "device")})})
    results = results_of(study)
    first, second = compare(results), compare(results, "device")
    assert (first.mode, second.mode) == ("end_to_end", "device")
    key = f"{SAME}, 50 %"
    assert first.variant(key).speedups[1].value != second.variant(key).speedups[1].value
