"""A Reshape's computed target becomes a constant where the output shape is known."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from harness.export.cleanup.constant_reshape import ConstantReshape
from tests.export.cleanup.graphs import graph, normal, operations, outputs

FLATTEN = """
net (float[batch, 3, 4, 5] x) => (float[batch, k] y)
{
  zero = Constant <value = int64[1] {0}> ()
  one = Constant <value = int64[1] {1}> ()
  size = Constant <value = int64[1] {60}> ()
  shape = Shape(x)
  batch_size = Slice(shape, zero, one, zero)
  target = Concat <axis = 0> (batch_size, size)
  y = Reshape(x, target)
}
"""


def test_flatten_with_a_dynamic_batch() -> None:
    """The chain that computes the target is gone, and any batch still works."""
    model = graph(FLATTEN)
    assert ConstantReshape()(model).modified
    assert operations(model) == ["Reshape"]
    for batch in (1, 6):
        x = normal(batch, 3, 4, 5)
        np.testing.assert_array_equal(outputs(model, x)[0], x.reshape(batch, 60))


def test_two_sizes_unknown() -> None:
    """Two sizes that depend on the input can't be one -1."""
    model = graph(FLATTEN.replace("float[batch, 3, 4, 5]", "float[batch, height, 4, 5]").replace("{60}", "{-1}"))
    assert not ConstantReshape()(model).modified
    x = normal(2, 3, 4, 5)
    np.testing.assert_array_equal(outputs(model, x)[0], x.reshape(2, 60))


def test_constant_target_stays() -> None:
    """A target that is constant already is left alone."""
    text = """
    net (float[batch, 3, 4] x) => (float[batch, 12] y)
    {
      shape = Constant <value = int64[2] {-1, 12}> ()
      y = Reshape(x, shape)
    }
    """
    assert not ConstantReshape()(graph(text)).modified


def test_broken_promise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that leaves what it should remove is found out by its own postcondition."""
    monkeypatch.setattr(ConstantReshape, "call", lambda self, model: ir.passes.PassResult(model, False))
    with pytest.raises(ir.passes.PostconditionError, match="still computes its target"):
        ConstantReshape()(graph(FLATTEN))
