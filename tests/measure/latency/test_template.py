"""One file as a template of all sizes: two layers, made by hand."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.base.errors import MeasureError
from harness.measure.latency.sizes import Axis
from harness.measure.latency.template import template


def two_layers(hidden: int, extra: int = 0) -> onnx.ModelProto:
    """X (N, 4) @ (4, hidden) → depthwise-like Reshape → (hidden, 3)."""
    rng = np.random.default_rng(hidden)
    tensors = {
        "first": rng.random((4, hidden), np.float32),
        "shape": np.array([-1, hidden], np.int64),
        "second": rng.random((hidden, 3 + extra), np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"], "MatMul_1"),
        helper.make_node("Reshape", ["a", "shape"], ["b"], "Reshape_1"),
        helper.make_node("MatMul", ["b", "second"], ["y"], "MatMul_2"),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size]) for name, size in (("x", 4), ("y", 3)))
    initializers = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "main", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def test_a_file_of_any_width_has_the_shapes_that_an_export_would_have() -> None:
    made = template(two_layers(8), [8], [([5], two_layers(5))], [Axis(0, ((0, 1),))])
    for width in (8, 6, 1):
        sized = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.sized([width]).graph.initializer}
        assert [value.shape for value in sized.values()] == [(4, width), (2,), (width, 3)]
        assert sized["1.1"].tolist() == [-1, width]
        session = onnxruntime.InferenceSession(made.sized([width]).SerializeToString())
        assert session.run(None, {"x": np.ones((2, 4), np.float32)})[0].shape == (2, 3)


def test_a_length_that_follows_nothing_known_is_refused() -> None:
    with pytest.raises(MeasureError, match="follows no layer's channels"):
        template(two_layers(8), [8], [([5], two_layers(5, extra=1))], [Axis(0, ((0, 1),))])
