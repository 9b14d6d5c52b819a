"""Uniform pruning at the speed of other widths."""

from __future__ import annotations

import numpy as np
import pytest

from harness.prune.speed.uniform import least_as_fast

pytestmark = pytest.mark.without_tensorflow


def test_it_is_the_least_that_is_as_fast_though_more_may_be_slower_again() -> None:
    """Latency is a staircase with cliffs: not even monotone in the share that goes."""
    predicted = np.array([[1.1, 1.6, 1.9, 1.7, 2.5]])
    assert least_as_fast(predicted, np.array([1.5])) == 1
    assert least_as_fast(predicted, np.array([1.8])) == 2
    assert least_as_fast(predicted, np.array([2.0])) == 4


def test_batch_sizes_count_alike() -> None:
    """Twice as fast at one batch size makes up for half as fast at another."""
    predicted = np.array([[1.2, 4.0, 2.2], [1.2, 0.9, 2.2]])
    assert least_as_fast(predicted, np.array([2.0, 2.0])) == 2
    assert least_as_fast(predicted, np.array([4.0, 0.9])) == 1


def test_where_none_is_as_fast_it_is_the_fastest() -> None:
    assert least_as_fast(np.array([[1.1, 1.4, 1.3]]), np.array([2.0])) == 1
