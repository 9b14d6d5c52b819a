"""A weight that is moved each time is moved once, bit for bit; what is computed from inputs stays."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from harness.export.cleanup.fold_into_weights import FoldIntoWeights
from harness.export.lazy import lazy
from tests.export.cleanup.graphs import graph, normal, operations, outputs

MOVES = {
    "transposed": "m = Transpose<perm = [1, 0, 2]>(w)",
    "reversed": "m = Transpose(w)",
    "reshaped": "m = Reshape(w, to)",
    "reshaped and transposed": "r = Reshape(w, to)\n  m = Transpose<perm = [1, 0]>(r)",
}
SHAPES = {
    "transposed": (3, 2, 4), "reversed": (4, 3, 2), "reshaped": (2, 12), "reshaped and transposed": (12, 2)
}  # fmt: skip


def moving(name: str) -> ir.Model:
    shape = list(SHAPES[name])
    text = f"net (float{shape} x, float[2, 3, 4] w, int64[2] to) => (float{shape} y)\n"
    text += "{\n  " + MOVES[name] + "\n  y = Add(x, m)\n}"
    return graph(text, {"w": normal(2, 3, 4), "to": np.array([0, -1])})


@pytest.mark.parametrize("is_lazy", [False, True])
@pytest.mark.parametrize("name", MOVES)
def test_a_weight_is_moved_in_the_file(name: str, is_lazy: bool) -> None:
    """However it is moved; and one that is read later is read later still."""
    x = normal(*SHAPES[name], seed=1)
    before = outputs(moving(name), x)[0]
    model = moving(name)
    reads = []
    if is_lazy:
        weight = model.graph.initializers["w"]
        numbers = normal(2, 3, 4)
        weight.const_value = lazy(lambda: reads.append(1) or numbers, ir.DataType.FLOAT, (2, 3, 4))
    assert FoldIntoWeights()(model).modified
    assert operations(model) == ["Add"]
    assert not reads
    np.testing.assert_array_equal(outputs(model, x)[0], before)


STAY = {
    "an input": "net (float[2, 3] x) => (float[3, 2] y) { y = Transpose(x) }",
    "an output": "net (float[2, 3] w) => (float[3, 2] y) { y = Transpose(w) }",
    "a computed target": "net (float[2, 3] w, int64[2] to, float[3, 2] x) => (float[3, 2] y)"
    " { r = Reshape(w, to)\n y = Add(r, x) }",
}


@pytest.mark.parametrize("name", STAY)
def test_others_stay(name: str) -> None:
    """What is moved is no weight, leaves the graph, or goes where only an input says."""
    weights = {"w": normal(2, 3)} if "w" in STAY[name].split("=>")[0] else {}
    assert not FoldIntoWeights()(graph(STAY[name], weights)).modified


def test_broken_promise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that leaves what it should replace is found out by its own postcondition."""
    monkeypatch.setattr(FoldIntoWeights, "call", lambda self, model: ir.passes.PassResult(model, False))
    with pytest.raises(ir.passes.PostconditionError, match="still moves a weight"):
        FoldIntoWeights()(moving("reversed"))
