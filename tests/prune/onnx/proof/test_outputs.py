"""What of two graphs is compared, whatever their outputs hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import TensorProto

from harness.base.errors import UnprovableError
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.trace import trace
from harness.prune.onnx.proof.outputs import compared
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def told(path: Path) -> list[str]:
    """The operators that make what is compared."""
    found = trace(read_onnx(path))
    makers = {str(value.name): node.op_type for node in found.graph.model.graph for value in node.outputs}
    return [makers[name] for name in compared(found, found.channels.removed([]))]


def test_softmax_and_choices_are_looked_through(tmp_path: Path) -> None:
    net = Net()
    x = net.conv("image", 3, 4)
    choice, rounded = net.op("ArgMax", net.op("Softmax", x, axis=1), axis=1), net.op("Round", net.op("Relu", x))
    path = net.save(tmp_path / "net.onnx", [tensor(choice, None, TensorProto.INT64), rounded])
    assert told(path) == ["Conv", "Relu"]


def test_places_are_compared_by_what_they_are_found_from(tmp_path: Path) -> None:
    net = Net()
    x, y = net.op("Relu", net.conv("image", 3, 4)), net.op("Tanh", net.conv("image", 3, 4))
    places = net.op("TopK", x, net.integers(2), axis=3, outputs=2)[1]
    both = net.op("Where", net.op("Greater", x, y), net.op("Cast", x, to=7), net.op("Cast", y, to=7))
    outputs = [tensor(name, None, TensorProto.INT64) for name in (places, both)]
    assert told(net.save(tmp_path / "net.onnx", outputs)) == ["Relu", "Tanh"]


def test_bytes_that_are_sums_are_compared_as_they_are(tmp_path: Path) -> None:
    net = Net()
    point = net.constant(0.05), net.constant(120, "uint8")
    kernel = net.constant([[[[3]]] * 3] * 2, "int8"), net.constant(0.01), net.constant(0, "int8")
    made = net.op("QLinearConv", net.op("QuantizeLinear", "image", *point), *point, *kernel, *point)
    out = tensor(net.op("MaxPool", made, kernel_shape=[2, 2]), None, TensorProto.UINT8)
    path = net.save(tmp_path / "net.onnx", [out])
    assert told(path) == ["QLinearConv"]


def test_sizes_alone_prove_nothing(tmp_path: Path) -> None:
    net = Net()
    out = tensor(net.op("Shape", net.conv("image", 3, 4)), None, TensorProto.INT64)
    path = net.save(tmp_path / "net.onnx", [out])
    with pytest.raises(UnprovableError, match="no output holds numbers"):
        told(path)
