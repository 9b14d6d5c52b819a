"""Names and order that depend on the graph alone."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import parser

from harness.export.cleanup.name_by_position import NameByPosition
from tests.export.cleanup.graphs import graph, normal, outputs

NET = """
net (float[batch, 4] x) => (float[batch, 3] y)
<float[4, 4] w37 = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, int64[2] sizes_9 = {3, 1}>
{
  [first_2] p = MatMul(x, w37)
  [second_3] q = Relu(p)
  [third_5] r = MatMul(q, w37)
  [fourth_7] y, rest = Split <axis = 1> (r, sizes_9)
}
"""


def renamed(text: str) -> ir.Model:
    model = graph(text)
    NameByPosition()(model)
    return model


def test_names() -> None:
    """Operation and number; weights after the first node that reads them; inputs and outputs keep their names."""
    model = renamed(NET)
    nodes = list(model.graph)
    assert [node.name for node in nodes] == ["MatMul_1", "Relu_1", "MatMul_2", "Split_1"]
    assert [[value.name for value in node.outputs] for node in nodes] == [
        ["MatMul_1"], ["Relu_1"], ["MatMul_2"], ["y", "Split_1.1"],
    ]  # fmt: skip
    assert list(model.graph.initializers) == ["MatMul_1.B", "Split_1.split"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("w37", "w38"), ("_2]", "_4]"), ("q", "long_name"), ("net", "main"), ("sizes_9", '"MatMul_1.B"')],
)
def test_names_do_not_show(old: str, new: str) -> None:
    """Whatever the converter called things, the file is the same."""
    first, second = renamed(NET), renamed(NET.replace(old, new))
    first.graph.name = second.graph.name = "net"
    assert ir.to_proto(first) == ir.to_proto(second)


def test_name_that_an_output_has() -> None:
    """What the user named keeps its name, and everything else makes way."""
    model = renamed(NET.replace(" y", " MatMul_1"))
    assert [value.name for node in model.graph for value in node.outputs] == [
        "MatMul_1_",
        "Relu_1",
        "MatMul_2",
        "MatMul_1",
        "Split_1.1",
    ]
    assert outputs(model, normal(2, 4))[0].shape == (2, 3)


def test_order_does_not_show() -> None:
    """Branches come in the order in which they are read, and the graph computes what it did."""
    text = """
    net (float[batch, 4] x) => (float[batch, 4] y)
    {{
      {}
      {}
      y = Sub(a, b)
    }}
    """
    first, second = (
        renamed(text.format("a = Relu(x)", "b = Tanh(x)")),
        renamed(text.format("b = Tanh(x)", "a = Relu(x)")),
    )
    assert ir.to_proto(first) == ir.to_proto(second)
    x = normal(3, 4)
    assert (outputs(first, x)[0] == outputs(graph(text.format("a = Relu(x)", "b = Tanh(x)")), x)[0]).all()


def test_names_inside_a_branch() -> None:
    """A graph inside a node is named after the node, and still runs."""
    text = """
    net (float[4] x, bool which) => (float[4] y)
    {
      a = Relu(x)
      y = If (which) <
        then_branch = yes () => (float[4] p) { p = Add(a, x) },
        else_branch = no () => (float[4] q) { q = Mul(a, x) }
      >
    }
    """
    model = renamed(text)
    assert {node.name for node in model.graph.all_nodes()} == {
        "Relu_1",
        "If_1",
        "If_1.then_branch/Add_1",
        "If_1.else_branch/Mul_1",
    }
    x = normal(4)
    for which in (True, False):
        expected = outputs(graph(text), x, np.array(which))[0]
        np.testing.assert_array_equal(outputs(model, x, np.array(which))[0], expected)


LOOP = """
net (float[4] x) => (float[4] y, float[k, 4] z)
<int64 times = {3}, float[4] start = {1, 2, 3, 4}>
{
  go = Constant <value = bool {1}> ()
  sum, y, z = Loop (times, go, start, x) <
    body = step (int64 i, bool on, float[4] a, float[4] b) => (bool still, float[4] c, float[4] d, float[4] e)
    { still = Identity(on)  c = Add(a, b)  d = Mul(b, a)  e = Identity(c) }
  >
}
"""


def test_several_inputs_of_one_name_beside_several_outputs() -> None:
    """A Loop's first state and its first result have names of their own, and it still runs."""
    model = renamed(LOOP)
    (loop,) = [node for node in model.graph if node.op_type == "Loop"]
    assert [value.name for value in loop.inputs if value is not None] == [
        "Loop_1.M", "Loop_1.cond", "Loop_1.v_initial_0", "x",
    ]  # fmt: skip
    assert [value.name for value in loop.outputs] == ["Loop_1.0", "y", "z"]
    x = normal(4)
    for expected, found in zip(outputs(graph(LOOP), x), outputs(model, x), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_operation_of_another_domain() -> None:
    """What the specification does not know has numbered inputs, apart from its numbered outputs."""
    text = """
    <ir_version: 8, opset_import: ["" : 18, "own" : 1]>
    net (float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y, rest = own.Thing(w, x) }
    """
    model = ir.from_proto(parser.parse_model(text))
    NameByPosition()(model)
    (node,) = model.graph
    assert [value.name for value in (*node.inputs, *node.outputs) if value is not None] == [
        "Thing_1.input_0", "x", "y", "Thing_1.1",
    ]  # fmt: skip
