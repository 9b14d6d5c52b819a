"""Holm's correction: against its definition and a worked example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import stats

FRACTIONS = st.floats(0.0, 1.0)


@given(st.lists(FRACTIONS, min_size=1, max_size=8))
def test_holm_agrees_with_its_definition(p_values: list[float]) -> None:
    """Rejecting at 5 % by adjusted p-values is Holm's step-down rule: p(k) <= 0.05 / (m - k) for all up to k."""
    adjusted = stats.holm(p_values)
    rejected = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] * (len(p_values) - rank) > 0.05:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(adjusted) if p <= 0.05} == rejected


def test_holm_agrees_with_a_worked_example() -> None:
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
