"""Which nodes are blamed: conversions with the operators beside them, and layers that take longer in INT8."""

from __future__ import annotations

from pathlib import Path

import harness
from harness.measure.group import placement
from harness.measure.latency.table import Kernel
from harness.quantize.blame import around, blame, node_of, slower_layers
from harness.spec import MeasureSpec
from tests.quantize.nets import images, network


def test_layers_that_take_longer_in_int8_are_blamed_the_worst_first() -> None:
    floats = (Kernel("a", "Conv", 10.0), Kernel("b", "FusedConv", 20.0), Kernel("c", "Gemm", 5.0))
    ints = (Kernel("a", "QLinearConv", 12.0), Kernel("b", "QLinearConv", 50.0), Kernel("c", "QGemm", 3.0))
    found = slower_layers(floats, ints, {"b": (24, 12, 3, 3)})
    assert [(each.node, each.filters, each.channels) for each in found] == [("b", 24, 12), ("a", None, None)]


def test_a_kernel_is_found_by_the_name_that_the_runtime_gave_it() -> None:
    known = {"conv": 1, "other_nchwc": 1}
    assert node_of("conv", known) == "conv"
    assert node_of("conv_quant", known) == "conv"
    assert node_of("other", known) == "other_nchwc"
    assert node_of("nothing", known) is None


def test_a_pooling_left_in_float32_is_named_beside_its_conversions(tmp_path: Path) -> None:
    original, path = network(tmp_path / "a.onnx"), tmp_path / "b.onnx"
    harness.quantize(original, path, data=images(32), keep=("pool",))
    placed = placement(path, "cpu")
    assert around(placed)["MaxPool"] >= 2
    (found,) = blame(original, path, placed, MeasureSpec(batch_sizes=(1,), budget_s=0.5), "cpu")
    assert found.conversions >= 3
    assert 0 < found.converting_us < found.int8_us
    assert found.around == around(placed)
