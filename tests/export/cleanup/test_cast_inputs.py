"""Inputs of half precision: one Cast each, wherever they are read."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime

from harness.export.cleanup.cast_inputs import CastInputs
from tests.onnx_files import helper, tensor


def test_every_reader_gets_the_cast_numbers() -> None:
    """Read twice; an integer input stays as it is, and so does a second pass."""
    nodes = [
        helper.make_node("Add", ["x", "x"], ["twice"]),
        helper.make_node("Cast", ["i"], ["f"], to=1),
        helper.make_node("Add", ["twice", "f"], ["y"]),
    ]
    inputs = [tensor("x", ["N", 2]), tensor("i", ["N", 2], 6)]
    graph = helper.make_graph(nodes, "main", inputs, [tensor("y", ["N", 2])])
    model = ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))
    assert CastInputs()(model).modified
    assert not CastInputs()(model).modified
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    assert [value.type for value in session.get_inputs()] == ["tensor(float16)", "tensor(int32)"]
    fed = {"x": np.array([[0.1, 2.0]], np.float16), "i": np.array([[1, 2]], np.int32)}
    np.testing.assert_array_equal(session.run(None, fed)[0], 2 * fed["x"].astype(np.float32) + fed["i"])
