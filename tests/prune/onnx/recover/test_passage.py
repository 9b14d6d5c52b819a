"""A graph on its way over batches: what it gives is what the whole graph gives, wherever it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.recover.passage import Passage
from harness.prune.recover.reconstruct.shelf import Shelf
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def branching(path: Path) -> Path:
    """Convolutions beside each other, parts that are split and joined, and one that reads what came long before."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="a"))
    one, other = net.op("Split", x, outputs=2, axis=1, num_outputs=2)
    y = net.op("Concat", net.conv(one, 4, 4, name="b"), net.conv(other, 4, 6, name="c"), axis=1)
    z = net.op("Add", net.conv(y, 10, 8, name="d"), x)
    shape = net.op("Concat", net.op("Slice", net.op("Shape", z), *(net.integers(each) for each in (0, 1))),
                   net.integers(-1), axis=0)  # fmt: skip
    return net.save(path, [net.dense(net.op("Reshape", z, shape), 288, 4, name="e")])


def feeds(count: int = 3) -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    return [{"image": generator.random((2, 3, 6, 6)).astype(np.float32)} for _ in range(count)]


def whole(model: ir.Model, node: ir.Node, batch: dict[str, Any]) -> list[Any]:
    """What a node reads first and what it makes, by the graph from its start."""
    return Runner(with_outputs(model, [str(node.inputs[0].name), str(node.outputs[0].name)])).run(batch)  # type: ignore[union-attr]


@pytest.mark.parametrize("stops", ["abcde", "be", "e", "bd", "ce"])
@pytest.mark.parametrize("in_memory_bytes", [0, 10**9])
def test_it_is_what_the_whole_graph_gives(tmp_path: Path, stops: str, in_memory_bytes: int) -> None:
    """With kernels that change where it stands; what was made before is not made again."""
    graph = read_onnx(branching(tmp_path / "net.onnx"))
    passage = Passage(graph.model, feeds(), Shelf(tmp_path / "shelf", in_memory_bytes))
    for stop in stops:
        node = graph.nodes[stop]
        for batch, (read, made) in zip(feeds(), passage.upto(node), strict=True):
            wanted = whole(graph.model, node, batch)
            np.testing.assert_allclose(read, wanted[0], rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(made, wanted[1], rtol=1e-5, atol=1e-6)
        kernel = node.inputs[1]
        assert kernel is not None
        assert kernel.const_value is not None
        kernel.const_value = ir.Tensor(0.5 * kernel.const_value.numpy(), name=kernel.name)


def test_what_stops_halfway_goes_on_from_where_it_was(tmp_path: Path) -> None:
    graph = read_onnx(branching(tmp_path / "net.onnx"))
    passage = Passage(graph.model, feeds(), Shelf(tmp_path / "shelf"))
    for _ in passage.upto(graph.nodes["b"]):
        break
    node = graph.nodes["d"]
    for batch, (read, _) in zip(feeds(), passage.upto(node), strict=True):
        np.testing.assert_allclose(read, whole(graph.model, node, batch)[0], rtol=1e-5, atol=1e-6)


def test_bodies_and_sequences(tmp_path: Path) -> None:
    """A body reads a tensor from outside, and a sequence, which no shelf holds, lies between two kernels."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 4, name="a"))
    inside = onnx.helper.make_graph(
        [onnx.helper.make_node("Neg", [x], ["inner"])], "body", [], [onnx.helper.make_empty_tensor_value_info("inner")]
    )
    other = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [x], ["same"])], "other", [],
        [onnx.helper.make_empty_tensor_value_info("same")],
    )  # fmt: skip
    chosen = net.op("If", "yes", then_branch=inside, else_branch=other)
    parts = net.op("SplitToSequence", net.conv(chosen, 4, 4, name="b"), axis=1, keepdims=1)
    y = net.conv(x, 4, 4, name="c")
    last = net.conv(net.op("Concat", y, net.op("ConcatFromSequence", parts, axis=1), axis=1), 8, 2, name="d")
    inputs = [tensor("image", ("N", 3, 6, 6)), tensor("yes", [], onnx.TensorProto.BOOL)]
    graph = read_onnx(net.save(tmp_path / "net.onnx", [last], inputs))
    batches = [{**each, "yes": np.array(number % 2 == 0)} for number, each in enumerate(feeds())]
    passage = Passage(graph.model, batches, Shelf(tmp_path / "shelf"))
    for stop in "abcd":
        node = graph.nodes[stop]
        for batch, (read, _) in zip(batches, passage.upto(node), strict=True):
            np.testing.assert_allclose(read, whole(graph.model, node, batch)[0], rtol=1e-5, atol=1e-6)
