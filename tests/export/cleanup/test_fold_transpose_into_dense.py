"""Folding the Transpose into the kernel changes the graph and not the outputs; where it would, it is not done."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.export.cleanup.fold_transpose_into_dense import FoldTransposeIntoDense, rows_before_transpose
from tests.export.cleanup.graphs import graph, normal, operations, outputs

NET = """
net (float[batch, 3, 4, 5] x, float[60, 7] w) => (float[batch, 7] y)
{
  t = Transpose <perm = [0, 2, 3, 1]> (x)
  shape = Constant <value = int64[2] {-1, 60}> ()
  f = Reshape(t, shape)
  y = MatMul(f, w)
}
"""


def net(old: str = "", new: str = "", weight: tuple[int, ...] = (60, 7)) -> tuple[str, dict[str, np.ndarray]]:
    assert old in NET
    return NET.replace(old, new), {"w": normal(*weight, seed=1)}


FOLDED = {
    "as tf2onnx writes it": net(),
    "batch kept by 0": net("{-1, 60}", "{0, -1}"),
    "other axes": net("[0, 2, 3, 1]", "[0, 3, 1, 2]"),
    "Flatten": net("f = Reshape(t, shape)", "f = Flatten(t)"),
    "activation between": net("y = MatMul(f, w)", "r = Relu(f)\n  s = Sigmoid(r)\n  y = MatMul(s, w)"),
    "Gemm": net("MatMul(f, w)", "Gemm(f, w)"),
    "two products": net("y = MatMul(f, w)", "a = MatMul(f, w)\n  b = MatMul(f, w)\n  y = Mul(a, b)"),
}
TRANSPOSED = NET.replace("float[60, 7]", "float[7, 60]").replace("MatMul(f, w)", "Gemm <transB = 1> (f, w)")
FOLDED["Gemm with the kernel transposed"] = (TRANSPOSED, {"w": normal(7, 60, seed=1)})


@pytest.mark.parametrize("name", FOLDED)
def test_folds(name: str) -> None:
    """The Transpose is gone, and the outputs are the same."""
    x = normal(6, 3, 4, 5)
    model = graph(*FOLDED[name])
    (expected,) = outputs(model, x)
    assert FoldTransposeIntoDense()(model).modified
    np.testing.assert_allclose(outputs(model, x)[0], expected, rtol=1e-4, atol=1e-5)
    assert "Transpose" not in operations(model)


ON_THE_LEFT = (
    NET.replace("MatMul(f, w)", "MatMul(w, f)")
    .replace("float[60, 7] w", "float[7, 6] w")
    .replace("float[batch, 7] y", "float[7, 60] y")
)
STAYS = {
    "batch moved": net("[0, 2, 3, 1]", "[1, 0, 2, 3]"),
    "flattened otherwise": (
        NET.replace("{-1, 60}", "{-1, 20}").replace("float[60, 7]", "float[20, 7]"), {"w": normal(20, 7)}
    ),
    "flat values with a bias of their own": net("y = MatMul(f, w)", "b = Add(f, f)\n  y = MatMul(b, w)"),
    "flat values read elsewhere": net("y = MatMul(f, w)", "m = MatMul(f, w)\n  z = ReduceMax(f)\n  y = Add(m, z)"),
    "kernel on the left": (ON_THE_LEFT, {"w": normal(7, 6)}),
    "kernel not constant": (NET, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str) -> None:
    """Where the order of the flat values shows, nothing changes."""
    text, weights = STAYS[name]
    model = graph(text, weights)
    arrays = [normal(6, 3, 4, 5), *([] if weights else [normal(60, 7)])]
    expected = outputs(model, *arrays)
    assert not FoldTransposeIntoDense()(model).modified
    for before, after in zip(expected, outputs(model, *arrays), strict=True):
        np.testing.assert_array_equal(before, after)
    assert "Transpose" in operations(model)


def test_flat_values_that_are_an_output() -> None:
    """An output keeps its order."""
    text = NET.replace("(float[batch, 7] y)", "(float[batch, 7] y, float[batch, 60] f)")
    model = graph(text, {"w": normal(60, 7)})
    assert not FoldTransposeIntoDense()(model).modified


def test_shared_kernel() -> None:
    """A kernel that another product reads in the old order stays for that one."""
    text = """
    net (float[batch, 3, 4, 5] x, float[batch, 60] v, float[60, 7] w) => (float[batch, 7] y, float[batch, 7] z)
    {
      t = Transpose <perm = [0, 2, 3, 1]> (x)
      f = Flatten(t)
      y = MatMul(f, w)
      z = MatMul(v, w)
    }
    """
    model = graph(text, {"w": normal(60, 7)})
    arrays = normal(2, 3, 4, 5), normal(2, 60)
    expected = outputs(model, *arrays)
    assert FoldTransposeIntoDense()(model).modified
    for before, after in zip(expected, outputs(model, *arrays), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rows_follow_any_transpose(data: st.DataObject) -> None:
    """For any sizes and any order of axes: the values before times the new kernel are those after times the old."""
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes = data.draw(st.permutations(range(1, len(sizes) + 1)))
    kernel = np.random.default_rng(0).integers(-9, 9, (int(np.prod(sizes)), 3))
    values = np.random.default_rng(1).integers(-9, 9, (2, *sizes))
    after = values.transpose(0, *axes).reshape(2, -1) @ kernel
    before = values.reshape(2, -1) @ rows_before_transpose(kernel, sizes, list(axes))
    np.testing.assert_array_equal(before, after)
