"""Channels leave one after the other, and what each costs is what least squares would miss without it."""

from __future__ import annotations

import numpy as np
import pytest

from harness.prune.choose.elimination import Reader, eliminated

pytestmark = pytest.mark.without_tensorflow

ROWS = 4_000


def reader(values: np.ndarray, outputs: int = 3, seed: int = 1) -> Reader:
    """A kernel that reads these values, (rows, channels)."""
    kernel = np.random.default_rng(seed).normal(size=(values.shape[1], outputs))
    return Reader(np.arange(values.shape[1]), np.cov(values.T, bias=True), kernel)


def missed(values: np.ndarray, kernel: np.ndarray, left: list[int]) -> float:
    """The share of the variance of what a kernel makes that the best one of the channels left can't give."""
    columns = np.concatenate([values[:, left], np.ones((len(values), 1))], axis=1)
    wanted = values @ kernel
    made = columns @ np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return float(np.square(wanted - made).sum() / np.square(wanted - wanted.mean(axis=0)).sum())


def mixed(channels: int, seed: int = 0) -> np.ndarray:
    """Channels that say some of what others say, with means of their own."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(ROWS, channels)) @ generator.normal(size=(channels, channels)) + np.arange(channels)


@pytest.mark.parametrize("outputs", [1, 3, 40])
def test_the_first_to_go_costs_what_least_squares_misses(outputs: int) -> None:
    values = mixed(6)
    read = reader(values, outputs)
    scores = eliminated([read], range(6))
    first = int(scores.argmin())
    alone = [missed(values, read.kernel, [each for each in range(6) if each != gone]) for gone in range(6)]
    assert alone[first] < 1.05 * min(alone)
    assert scores[first] == pytest.approx(alone[first], rel=0.05, abs=1e-4)


def test_all_that_go_cost_together_what_least_squares_misses_without_them() -> None:
    """The scores of the first k add up to what is missed without these k."""
    values = mixed(8)
    read = reader(values)
    scores = eliminated([read], range(8))
    order = list(np.argsort(scores, kind="stable"))
    lost = missed(values, read.kernel, sorted(order[4:]))
    assert scores[order[:4]].sum() == pytest.approx(lost, rel=0.1, abs=1e-3)


def test_of_two_that_say_the_same_one_matters() -> None:
    """A measure of each alone would let both go, or neither."""
    values = np.random.default_rng(0).normal(size=(ROWS, 4))
    values = np.concatenate([values, values[:, :1]], axis=1)
    scores = eliminated([reader(values)], range(5))
    assert min(scores[0], scores[4]) < 1e-3
    assert max(scores[0], scores[4]) > 0.01


def test_what_is_not_read_costs_nothing_and_others_channels_help() -> None:
    """Channel 9 is read nowhere; 0 has a twin among the channels of another group, which stays."""
    values = mixed(3)
    values = np.concatenate([values, values[:, :1]], axis=1)
    read = reader(values)
    scores = eliminated([Reader(np.array([0, 1, 2, 5]), read.covariance, read.kernel)], [0, 1, 9])
    assert scores[2] == 0
    assert scores[0] < 1e-3 < scores[1]


def test_readers_are_added_up() -> None:
    """What one kernel can do without, another may need."""
    values = mixed(4)
    one, other = reader(values, seed=1), reader(values, seed=2)
    one.kernel[0], other.kernel[0] = 0, 50
    alone, both = eliminated([one], range(4)), eliminated([one, other], range(4))
    assert alone.argmin() == 0
    assert both.argmin() != 0


def test_many_channels_go_several_at_a_time_and_not_both_of_twins() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(2_000, 300))
    values = np.concatenate([values, values], axis=1)
    scores = eliminated([reader(values, outputs=5)], range(600))
    gone = np.argsort(scores, kind="stable")[:290]
    assert len(set((gone % 300).tolist())) > 280
