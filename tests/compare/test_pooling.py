"""What test examples and training seeds say together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import stats
from harness.compare import accuracy_over_seeds, difference
from harness.compare.pooling import contrast

EASY = "1" * 90 + "0" * 10
OTHER = "0" * 5 + "1" * 90 + "0" * 5
FAILED = "1" * 10 + "0" * 90

answers = st.integers(1, 4).flatmap(
    lambda seeds: st.integers(2, 30).flatmap(
        lambda examples: st.lists(st.text("01", min_size=examples, max_size=examples), min_size=seeds, max_size=seeds)
    )
)


def test_one_seed_has_wilsons_interval() -> None:
    found = accuracy_over_seeds([EASY])
    assert found.value == 0.9
    assert (found.low, found.high) == stats.wilson(90, 100)


def test_seeds_that_agree_are_no_new_examples() -> None:
    """Three trainings with the same answers know the accuracy no better than one: the examples are the same."""
    once, thrice = accuracy_over_seeds([EASY]), accuracy_over_seeds([EASY] * 3)
    assert thrice.low == pytest.approx(once.low)
    assert thrice.high == pytest.approx(once.high)


def test_a_seed_that_failed_widens_the_interval_to_nearly_everything() -> None:
    found = accuracy_over_seeds([EASY, EASY, FAILED])
    assert found.low < 0.2
    assert found.high > 0.95


@given(answers)
def test_an_accuracy_lies_in_its_interval_and_both_are_shares(corrects: list[str]) -> None:
    found = accuracy_over_seeds(corrects)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_the_interval_covers_the_accuracy_of_new_trainings_on_new_examples() -> None:
    """With luck in both the examples and the trainings, 95 % intervals of three seeds miss seldom."""
    rng = np.random.default_rng(1)
    truth, covered, tries = 0.9, 0, 300
    for _ in range(tries):
        seeds = truth + 0.02 * rng.standard_normal(3)
        hard = rng.standard_normal(200)
        thresholds = np.quantile(rng.standard_normal(20_000) * np.hypot(1, 0.7), np.clip(seeds, 0, 1))
        hits = hard + 0.7 * rng.standard_normal((3, 200)) < thresholds[:, None]
        covered += accuracy_over_seeds(["".join(np.where(row, "1", "0")) for row in hits]).contains(truth)
    assert covered / tries >= 0.92


def test_one_seed_each_has_newcombes_interval() -> None:
    found = difference([OTHER], [EASY], paired_seeds=True)
    bits = [[character == "1" for character in text] for text in (EASY, OTHER)]
    pair = stats.paired_proportions(bits[0], bits[1])
    assert (found.value, found.low, found.high) == (pair.difference, pair.low, pair.high)


def test_no_discordant_example_leaves_some_doubt() -> None:
    found = difference([EASY] * 2, [EASY] * 2, paired_seeds=True)
    assert found.value == 0
    assert found.low < 0 < found.high


def test_a_clear_loss_is_clear() -> None:
    assert difference([FAILED] * 3, [EASY] * 3, paired_seeds=True).clearly_below
    assert difference([EASY] * 3, [FAILED] * 3, paired_seeds=True).clearly_above


def test_pairing_seeds_takes_out_what_a_seed_does_to_both() -> None:
    """Three trainings of very different luck, and the same small loss in each: only paired seeds show it."""
    before = ["1" * hits + "0" * (200 - hits) for hits in (120, 150, 190)]
    after = [text.replace("1", "0", 12) for text in before]
    assert difference(after, before, paired_seeds=True).clearly_below
    assert not difference(after, before, paired_seeds=False).clearly_below


@given(answers, st.booleans())
def test_turning_a_comparison_around_turns_its_interval_around(corrects: list[str], paired: bool) -> None:
    other = [text[::-1] for text in corrects]
    forth, back = difference(corrects, other, paired), difference(other, corrects, paired)
    assert forth.value == pytest.approx(-back.value)
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))
    assert -1 <= forth.low <= forth.value + 1e-12
    assert forth.value - 1e-12 <= forth.high <= 1


def test_a_contrast_of_one_training_each_is_the_paired_interval_over_examples() -> None:
    """Ten examples: two that only the first gets right, one that only the second does."""
    found = contrast([["1111111100"], ["1111110010"]], [1.0, -1.0])
    spread = (3 / 10 - 0.1**2) / 10
    assert found.value == pytest.approx(0.1)
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * spread**0.5)


def test_a_contrast_over_seeds_covers_its_truth_as_often_as_it_says() -> None:
    """Four groups of five trainings with a spread of three points; examples of equal difficulty."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        levels = np.clip(rng.normal([0.5, 0.6, 0.6, 0.9], 0.03, (5, 4)), 0, 1).T
        corrects = [["".join(np.where(rng.random(200) < level, "1", "0")) for level in group] for group in levels]
        found = contrast(corrects, [1.0, -1.0, -1.0, 1.0])
        covered += found.low <= 0.2 <= found.high
    assert covered / 300 > 0.92
