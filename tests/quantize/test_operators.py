"""Which nodes INT8 is asked for: kernels and what is between them, and not what makes the answers."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import helper

from harness.quantize.operators import is_quantized, nodes_of, told
from harness.quantize.prepared import name_nodes
from tests.onnx_files import save, tensor, weight
from tests.quantize.nets import network


def test_layers_are_kernels_with_what_follows_up_to_the_next(tmp_path: Path) -> None:
    found = nodes_of(onnx.load(network(tmp_path / "a.onnx")).graph)
    assert [(layer.kernel, layer.absorbed, layer.between) for layer in found.layers] == [
        ("conv_1", ("relu_1",), ("pool",)),
        ("conv_2", ("relu_2",), ("flatten",)),
        ("dense", (), ()),
    ]
    assert found.tail == ("softmax",)
    assert found.between == ("pool", "flatten")
    assert found.others == {"Transpose": 1, "Softmax": 1}
    assert found.quantizable == ("conv_1", "relu_1", "pool", "conv_2", "relu_2", "flatten", "dense")


def test_nodes_without_a_name_or_with_the_same_get_one_of_their_own() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["b"], name="Relu_0")]
    nodes.append(helper.make_node("Relu", ["b"], ["y"], name="Relu_0"))
    graph = helper.make_graph(nodes, "g", [tensor("x", [1])], [tensor("y", [1])])
    name_nodes(graph)
    names = [node.name for node in graph.node]
    assert len(set(names)) == 3
    assert "" not in names


def test_a_file_with_8_bit_numbers_is_quantized(tmp_path: Path) -> None:
    assert not is_quantized(onnx.load(network(tmp_path / "a.onnx")).graph)
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    kind = onnx.TensorProto.UINT8
    graph = helper.make_graph(
        [node], "g", [tensor("x", ["N", 2], kind), tensor("w", [2, 2], kind)], [tensor("y", None)]
    )
    assert is_quantized(graph)


def test_operators_are_told_with_their_number(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sin", ["x"], ["a"], name="1"), helper.make_node("Sin", ["a"], ["b"], name="2")]
    nodes.append(helper.make_node("Gemm", ["b", "w"], ["y"], name="3"))
    path = save(tmp_path / "a.onnx", nodes, [tensor("x", ["N", 3])], [tensor("y", ["N", 2])], [weight("w", (3, 2))])
    assert told(nodes_of(onnx.load(path).graph).others) == "Sin (2)"
    assert told(dict.fromkeys("abcdef", 1)) == "a, b, c, d and 2 more"
