"""Which nodes are blamed: conversions with the operators beside them, and layers that take longer in INT8."""

from __future__ import annotations

from pathlib import Path

import onnx

import harness
from harness.measure.group import placement
from harness.measure.latency.table import Kernel
from harness.quantize.blame import around, blame, owners_of, plain, slower_layers
from harness.spec import MeasureSpec
from tests.quantize.nets import images, network


def test_layers_that_take_longer_in_int8_are_blamed_the_worst_first() -> None:
    floats = (Kernel("a", "Conv", 10.0), Kernel("b", "FusedConv", 20.0), Kernel("c", "Gemm", 5.0))
    ints = (Kernel("a", "QLinearConv", 12.0), Kernel("b", "QLinearConv", 50.0), Kernel("c", "QGemm", 3.0))
    owners = {name: name for name in "abc"}
    found = slower_layers(floats, ints, owners, {"b": (24, 12, 3, 3)})
    assert [(each.node, each.filters, each.channels) for each in found] == [("b", 24, 12), ("a", None, None)]


def test_kernels_are_called_by_the_node_that_they_are_of(tmp_path: Path) -> None:
    """The runtime names some by their node and some by the tensor that they write, which may be a Relu's."""
    owners = owners_of(onnx.load(network(tmp_path / "a.onnx")).graph)
    assert [plain(name) for name in ("r1_nchwc", "conv_1_token_0", "dense")] == ["r1", "conv_1", "dense"]
    assert (owners["r1"], owners["conv_1"], owners["relu_2"], owners["logits"]) == (
        "conv_1",
        "conv_1",
        "conv_2",
        "dense",
    )
    assert "pool" not in owners
    assert "softmax" not in owners


def test_a_layer_left_in_float32_is_named_beside_its_conversions(tmp_path: Path) -> None:
    original, path = network(tmp_path / "a.onnx"), tmp_path / "b.onnx"
    harness.quantize(original, path, data=images(32), keep=("conv_2",))
    placed = placement(path, "cpu")
    assert around(placed)["Conv"] == 1
    (found,) = blame(original, path, placed, MeasureSpec(batch_sizes=(1,), budget_s=0.5), "cpu")
    assert found.conversions == 3
    assert 0 < found.converting_us < found.int8_us
    assert found.around == around(placed)
