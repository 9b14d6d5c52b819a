"""Which trainings learned, in worlds where that is known; figures by hand or from SciPy."""

from __future__ import annotations

import pytest
from scipy import stats as scipy_stats

from harness.compare import Change, Learning, compare
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, results_of

FACTORIAL = {
    "model": "deepcaptcha",
    "options": {"filters": [32, 48, 64]},
    "vary": {"padding": ["same", "valid"], "data.scale": ["raw", "unit"]},
    "deploy": False,
}
REPAIRS = {
    "model": "deepcaptcha",
    "options": {"padding": "same"},
    "vary": {"filters": [[32, 48, 20], [16, 16, 16]]},
    "data": {"scale": "raw"},
    "deploy": False,
}
FAILING = "deepcaptcha padding=same data.scale=raw"


def learning_of(*networks: dict[str, object], seeds: int = 10) -> Learning | None:
    """In this world same-padded networks of 32-48-64 filters fail on raw pixels, and with valid padding every fifth."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        raw = case.data.scale == "raw" and case.options["filters"] == [32, 48, 64]
        fails = raw and (case.options["padding"] == "same" or case.seed % 5 == 0)
        return 0.1 if fails else 0.9

    study = {"name": "x", "seeds": list(range(seeds)), "networks": networks}
    return compare(results_of(Study.model_validate(study), World(accuracy=accuracy))).learning


@pytest.fixture(scope="module")
def learning() -> Learning:
    found = learning_of(FACTORIAL, REPAIRS)
    assert found is not None
    return found


def test_every_arm_has_its_share_with_wilsons_interval(learning: Learning) -> None:
    assert {arm.network: arm.learned for arm in learning.arms} == {
        "deepcaptcha padding=same data.scale=raw": 0,
        "deepcaptcha padding=same data.scale=unit": 10,
        "deepcaptcha padding=valid data.scale=raw": 8,
        "deepcaptcha padding=valid data.scale=unit": 10,
        "deepcaptcha filters=32-48-20": 10,
        "deepcaptcha filters=16-16-16": 10,
    }
    expected = scipy_stats.binomtest(8, 10).proportion_ci(method="wilson")
    share = learning.arm("deepcaptcha padding=valid data.scale=raw").share
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high))


def test_the_mean_accuracy_is_over_all_trainings_failed_ones_too(learning: Learning) -> None:
    accuracy = learning.arm("deepcaptcha padding=valid data.scale=raw").accuracy
    assert accuracy is not None
    assert accuracy.value == pytest.approx(0.8 * 0.9 + 0.2 * 0.1)


def test_arms_are_tested_where_one_setting_differs_whichever_table_they_are_in(learning: Learning) -> None:
    told = {(test.base, test.change.factor, test.change.value) for test in learning.tests}
    assert told == {
        (FAILING, "filters", "32-48-20"),
        (FAILING, "filters", "16-16-16"),
        (FAILING, "padding", "valid"),
        (FAILING, "data.scale", "unit"),
        ("deepcaptcha padding=same data.scale=unit", "padding", "valid"),
        ("deepcaptcha padding=valid data.scale=raw", "data.scale", "unit"),
    }


def test_p_is_fishers_corrected_by_holm_over_all_tests(learning: Learning) -> None:
    """0 of 10 against 10 of 10 thrice: 2 / C(20, 10), times six; then 0 against 8 of 10, times three."""
    found = {(test.base, test.change.value): test for test in learning.tests}
    scale = found[FAILING, "unit"]
    assert scale.p_value == pytest.approx(2 / 184_756)
    assert scale.adjusted_p == pytest.approx(12 / 184_756)
    assert scale.clear
    padding = found[FAILING, "valid"]
    assert padding.p_value == pytest.approx(scipy_stats.fisher_exact([[0, 10], [8, 2]]).pvalue)
    assert padding.adjusted_p == pytest.approx(3 * padding.p_value)
    assert not found["deepcaptcha padding=valid data.scale=raw", "unit"].clear


def test_effects_of_a_full_factorial_are_contrasts_of_shares(learning: Learning) -> None:
    """By hand from 0, 10, 8 and 10 of 10: with four groups, half a success and half a failure is added to each."""
    padding = Change(factor="padding", base="same", value="valid")
    scale = Change(factor="data.scale", base="raw", value="unit")
    effects = {effect.changes: effect.difference for effect in learning.effects}
    assert effects.keys() == {(padding,), (scale,), (padding, scale)}
    assert effects[padding,].value == pytest.approx((0.8 + 1.0) / 2 - (0 + 1.0) / 2)
    assert effects[scale,].value == pytest.approx((1.0 + 1.0) / 2 - (0 + 0.8) / 2)
    both = effects[padding, scale]
    assert both.value == pytest.approx((1.0 - 1.0) - (0.8 - 0))
    shares = [0.5 / 11, 10.5 / 11, 8.5 / 11, 10.5 / 11]
    reach = 1.959964 * (sum(share * (1 - share) / 11 for share in shares)) ** 0.5
    centre = shares[0] - shares[1] - shares[2] + shares[3]
    assert (both.low, both.high) == pytest.approx((centre - reach, centre + reach))


def test_effects_on_the_accuracy_count_every_training(learning: Learning) -> None:
    """From mean accuracies of 0.1, 0.9, 0.74 and 0.9."""
    padding, scale, both = (effect.accuracy for effect in learning.effects)
    assert padding is not None
    assert scale is not None
    assert both is not None
    assert padding.value == pytest.approx((0.74 + 0.9) / 2 - (0.1 + 0.9) / 2)
    assert scale.value == pytest.approx((0.9 + 0.9) / 2 - (0.1 + 0.74) / 2)
    assert both.value == pytest.approx((0.9 - 0.9) - (0.74 - 0.1))
    assert scale.low < scale.value < scale.high
    assert scale.clearly_above
    test = next(test for test in learning.tests if (test.base, test.change.value) == (FAILING, "valid"))
    assert test.accuracy is not None
    assert test.accuracy.value == pytest.approx(0.64)


def test_a_factor_of_three_values_has_an_effect_for_each_but_the_first() -> None:
    found = learning_of(FACTORIAL | {"vary": {"padding": ["same", "valid"], "dense_units": [64, 128, 256]}})
    assert found is not None
    assert [len(effect.changes) for effect in found.effects] == [1, 1, 1, 2, 2]
    assert found.effects[0].difference.value == pytest.approx(0), "pixels from 0 to 1: all learn"


def test_arms_that_are_no_full_factorial_have_tests_but_no_effects() -> None:
    found = learning_of(
        REPAIRS, {**REPAIRS, "vary": {"dense_units": [64]}, "options": {"filters": [1], "padding": "same"}}
    )
    assert found is not None
    assert found.effects == ()
    assert len(found.tests) == 1


def test_where_all_learn_and_all_are_deployed_nothing_is_said() -> None:
    network = {**REPAIRS, "deploy": True}
    assert learning_of(network) is None
    assert learning_of({**FACTORIAL, "deploy": True}) is not None, "some fail"
    assert learning_of({**FACTORIAL, "vary": {"padding": ["same"]}}) is None, "one arm"


def test_networks_that_are_deployed_are_no_arms_beside_those_that_are_not() -> None:
    deployed = {**REPAIRS, "vary": {"filters": [[32, 48, 64]]}, "deploy": True}
    found = learning_of(FACTORIAL, deployed)
    assert found is not None
    assert len(found.arms) == 4
