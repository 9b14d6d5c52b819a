"""The shapes of tensors, those too whose targets a graph computes from other shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from harness.measure.files.shapes import infer_shapes
from tests.onnx_files import cnn, constant, save, tensor


def folding_chain(before: str, after: str) -> list[onnx.NodeProto]:
    """What exporters of older opsets write where a Reshape keeps the first axis: through whole numbers of 32 bits."""
    return [
        helper.make_node("Shape", [before], [f"{after}.size"]),
        helper.make_node("Cast", [f"{after}.size"], [f"{after}.short"], to=onnx.TensorProto.INT32),
        helper.make_node("Slice", [f"{after}.short", "zero", "one", "zero"], [f"{after}.first"]),
        helper.make_node("Cast", [f"{after}.first"], [f"{after}.long"], to=onnx.TensorProto.INT64),
        helper.make_node("Concat", [f"{after}.long", "rest"], [f"{after}.target"], axis=0),
        helper.make_node("Reshape", [before, f"{after}.target"], [after]),
    ]


def test_shapes_don_t_need_the_weights_values(tmp_path: Path) -> None:
    model = onnx.load(cnn(tmp_path / "cnn.onnx", filters=8))
    for initializer in model.graph.initializer:
        initializer.ClearField("raw_data")
    assert infer_shapes(model, {"image": (2, 1, 8, 8)})["maps"] == (2, 8, 8, 8)


@pytest.mark.parametrize("opset", [11, 12, 17])
def test_targets_that_an_older_graph_computes_are_followed(tmp_path: Path, opset: int) -> None:
    """One behind the other: what the second is computed of is known once the first is."""
    nodes = [*folding_chain("x", "flat"), *folding_chain("flat", "y")]
    constants = [constant("zero", [0]), constant("one", [1]), constant("rest", [-1])]
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 4, 5])], [tensor("y", None)], constants)
    model = onnx.load(path)
    model.opset_import[0].version = opset
    found = infer_shapes(model, {"x": (6, 4, 5)})
    assert (found["flat"], found["y"]) == ((6, 20), (6, 20))
    assert all(name in found for node in model.graph.node for name in node.output)


def test_constants_may_be_nodes(tmp_path: Path) -> None:
    """As Paddle's are."""
    value = helper.make_node("Constant", [], ["rest"], value=onnx.numpy_helper.from_array(np.array([-1]), "rest"))
    constants = [constant("zero", [0]), constant("one", [1])]
    nodes = [value, *folding_chain("x", "y")]
    model = onnx.load(save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 4])], [tensor("y", None)], constants))
    model.opset_import[0].version = 11
    assert infer_shapes(model, {"x": (3, 4)})["y"] == (3, 4)


def test_what_depends_on_values_stays_unknown(tmp_path: Path) -> None:
    """How many of its inputs are not 0 is known when it runs, and what is random is not computed here."""
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Bernoulli", ["chances"], ["drawn"]),
        helper.make_node("Cast", ["drawn"], ["target"], to=onnx.TensorProto.INT64),
        helper.make_node("ConstantOfShape", ["target"], ["y"]),
    ]
    chances = [constant("chances", [0.5, 0.5], "float32")]
    model = onnx.load(save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 4])], [tensor("y", None)], chances))
    found = infer_shapes(model, {"x": (3, 4)})
    assert (found["places"], found["y"]) == ((2, None), (None, None))


def test_what_is_large_is_not_computed(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["size"]),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("NonZero", ["zeros"], ["y"]),
    ]
    model = onnx.load(save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 4_000])], [tensor("y", None)], []))
    assert infer_shapes(model, {"x": (4_000, 4_000)})["y"] == (2, None)
