"""Every graph makes its own outputs, each once."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.passes import common

from harness.export.cleanup.outputs_of_their_own import OutputsOfTheirOwn
from tests.export.cleanup.graphs import graph, normal, outputs

IF = """
net (float[4] x, bool which) => (float[4] y)
{
  a = Relu(x)
  y = If (which) <
    then_branch = yes () => (float[4] p) { p = Add(a, x) },
    else_branch = no () => (float[4] q) { q = Identity(a) }
  >
}
"""


def eliminated() -> ir.Model:
    """The branch gives out a value from outside, as onnx-ir leaves it."""
    model = graph(IF)
    common.IdentityEliminationPass()(model)
    return model


def test_a_branch_that_does_nothing() -> None:
    """It gets an Identity of its own, so that ONNX Runtime loads the graph."""
    model = eliminated()
    assert OutputsOfTheirOwn()(model).modified
    x = normal(4)
    for which, expected in ((True, np.maximum(x, 0) + x), (False, np.maximum(x, 0))):
        np.testing.assert_array_equal(outputs(model, x, np.array(which))[0], expected)
    assert not OutputsOfTheirOwn()(model).modified


def test_one_value_as_two_outputs() -> None:
    """The second becomes a copy."""
    model = graph("net (float[4] x) => (float[4] y, float[4] z)\n{\n  y = Relu(x)\n  z = Identity(x)\n}")
    model.graph.outputs[1] = model.graph.outputs[0]
    assert OutputsOfTheirOwn()(model).modified
    assert len({value.name for value in model.graph.outputs}) == 2
    first, second = outputs(model, normal(4))
    np.testing.assert_array_equal(first, second)


def test_broken_promise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that leaves what it should mend is found out by its own postcondition."""
    monkeypatch.setattr(OutputsOfTheirOwn, "call", lambda self, model: ir.passes.PassResult(model, False))
    with pytest.raises(ir.passes.PostconditionError, match="is not its own"):
        OutputsOfTheirOwn()(eliminated())
