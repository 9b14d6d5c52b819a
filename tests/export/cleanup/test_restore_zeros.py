"""Marks become zeros, and nothing else changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.export.cleanup.restore_zeros import RestoreZeros
from harness.export.conversion.markers import marked, without_marks
from tests.export.cleanup.graphs import graph

ADD = "net (float[batch, 3] x, float[3] b, float[3] c) => (float[batch, 3] y) { a = Add(x, b) \n y = Mul(a, c) }"


def test_marks_become_zeros() -> None:
    """A marked constant is all zeros again; another keeps every bit, its own tiny numbers too."""
    other = np.array([1.5, np.nan, 1e-37], np.float32)
    model = graph(ADD, {"b": marked((3,), "float32", 5), "c": other})
    assert RestoreZeros()(model).modified
    values = {name: value.const_value.numpy() for name, value in model.graph.initializers.items()}
    np.testing.assert_array_equal(values["b"], np.zeros(3))
    np.testing.assert_array_equal(values["c"], other)


def test_no_marks() -> None:
    """Nothing to do is nothing done, NaN or not."""
    model = graph(ADD, {"b": np.array([0, np.nan, 1], np.float32), "c": np.ones(3, np.float32)})
    assert not RestoreZeros()(model).modified


@given(st.integers(0, 2**23 - 1), st.sampled_from(["float32", "float64"]))
def test_every_mark_is_its_own_and_is_taken_back(index: int, dtype: str) -> None:
    """Two variables never hold equal constants, and each mark is not zero until it is restored."""
    values = marked((2, 2), dtype, index)
    assert values[0, 0] != 0
    assert values[0, 0] != marked((2, 2), dtype, (index + 1) % 2**23)[0, 0]
    assert not without_marks(values).any()


@given(arrays(np.float32, 5, elements=st.floats(width=32, min_value=2.0**-122)))
def test_other_numbers_stay(values: np.ndarray) -> None:
    """No number from 2e-37 up is touched."""
    np.testing.assert_array_equal(without_marks(values), values)
