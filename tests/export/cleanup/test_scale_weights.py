"""A convolution takes up what scales and shifts its channels, where its kernel is read later; and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
import pytest

from harness.export.cleanup.scale_weights import ScaleWeights
from harness.export.lazy import lazy
from tests.export.cleanup.graphs import graph, normal, operations, outputs

TEXT = """
net (float[batch, 3, 6, 6] x, float[4, 3, 3, 3] w, float[S] s, float[O] o) => (float[batch, 4, 4, 4] y)
{
  c = Conv(x, w)
  m = Mul(c, s)
  y = Add(m, o)
}
"""


def scaled(
    text: str = TEXT, scale: Sequence[int] = (1, 4, 1, 1), offset: Sequence[int] = (1, 4, 1, 1), *, is_lazy: bool = True
) -> ir.Model:
    text = text.replace("[S]", str(list(scale))).replace("[O]", str(list(offset)))
    held = {"w": normal(4, 3, 3, 3), "s": normal(*scale, seed=1), "o": normal(*offset, seed=2)}
    model = graph(text, held)
    if is_lazy:
        model.graph.initializers["w"].const_value = lazy(lambda: held["w"], ir.DataType.FLOAT, (4, 3, 3, 3))
    return model


@pytest.mark.parametrize("swap", [{}, {"Mul(c, s)": "Mul(s, c)"}, {"Add(m, o)": "Add(o, m)"}])
@pytest.mark.parametrize("scale", [(1, 4, 1, 1), (4, 1, 1), (1, 1, 1, 1), (1,)], ids=str)
def test_scale_and_offset_go_into_the_convolution(scale: Sequence[int], swap: dict[str, str]) -> None:
    """One number for each channel, or one for all; whichever input is the constant."""
    text = TEXT
    for old, new in swap.items():
        text = text.replace(old, new)
    x = normal(2, 3, 6, 6, seed=3)
    before = outputs(scaled(text, scale), x)[0]
    model = scaled(text, scale)
    assert ScaleWeights()(model).modified
    assert operations(model) == ["Conv"]
    np.testing.assert_allclose(outputs(model, x)[0], before, atol=1e-5)


@pytest.mark.parametrize("offset", [(1, 1, 4, 4), (1,)], ids=str)
def test_an_offset_that_is_no_bias_stays(offset: Sequence[int]) -> None:
    """It is of each pixel, or one for all."""
    x = normal(2, 3, 6, 6, seed=3)
    before = outputs(scaled(offset=offset), x)[0]
    model = scaled(offset=offset)
    assert ScaleWeights()(model).modified
    assert operations(model) == ["Conv", "Add"]
    np.testing.assert_allclose(outputs(model, x)[0], before, atol=1e-5)


def test_attributes_and_outputs_are_kept() -> None:
    """Strides, and the name of what the graph gives."""
    text = TEXT.replace("Conv(x, w)", "Conv<strides = [2, 2], pads = [1, 1, 0, 0]>(x, w)").replace(
        "4, 4, 4]", "4, 3, 3]"
    )
    x = normal(2, 3, 6, 6, seed=3)
    before = outputs(scaled(text), x)[0]
    model = scaled(text)
    ScaleWeights()(model)
    np.testing.assert_allclose(outputs(model, x)[0], before, atol=1e-5)


OTHERS = {
    "has a bias": TEXT.replace("Conv(x, w)", "Conv(x, w, b)").replace("float[S] s", "float[4] b, float[S] s"),
    "has another reader": TEXT.replace("=> (", "=> (float[batch, 4, 4, 4] z, ").replace(
        "  y =", "  z = Relu(c)\n  y ="
    ),
    "is an output": TEXT.replace("=> (", "=> (float[batch, 4, 4, 4] c, "),
    "is multiplied by itself": TEXT.replace("Mul(c, s)", "Mul(c, c)"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_convolutions_stay(name: str) -> None:
    """What a bias would be scaled with, or what is needed unscaled."""
    assert not ScaleWeights()(scaled(OTHERS[name])).modified


@pytest.mark.parametrize("scale", [(1, 1, 4, 4), (1, 1, 1, 4), (1, 1, 1, 1, 1)], ids=str)
def test_other_scales_stay(scale: Sequence[int]) -> None:
    """Of each pixel or column, or of one axis more."""
    text = TEXT if len(scale) < 5 else TEXT.replace("float[batch, 4, 4, 4] y", "float[1, batch, 4, 4, 4] y")
    assert not ScaleWeights()(scaled(text, scale)).modified


def test_a_kernel_that_was_in_the_graph_stays() -> None:
    """TensorFlow and tf2onnx have decided about it."""
    assert not ScaleWeights()(scaled(is_lazy=False)).modified


def test_broken_promise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that leaves what it should replace is found out by its own postcondition."""
    monkeypatch.setattr(ScaleWeights, "call", lambda self, model: ir.passes.PassResult(model, False))
    with pytest.raises(ir.passes.PostconditionError, match="still scales"):
        ScaleWeights()(scaled())
