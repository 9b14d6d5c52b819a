"""Heads of attention with normalised queries and keys, and what is stretched, taken and folded on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import harness
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import pruned
from tests.prune.onnx.graph.heads import attention, tokens, without_keys

pytestmark = pytest.mark.without_tensorflow

VARIANTS = [(64, "Gather"), (64, "GatherND"), (3, "Gather"), (3, "GatherND")]  # a table of 3 is too large to be folded


@pytest.mark.parametrize(("hidden", "taken"), VARIANTS)
def test_dimensions_of_normalised_heads_go(tmp_path: Path, hidden: int, taken: str) -> None:
    result = pruned(attention(tmp_path / "net.onnx", 3, 4, hidden, taken), before=4, qkv=18)
    kept = np.reshape([place in result.plan.kept["qkv"] for place in range(36)], (9, 4))
    assert (kept == kept[0]).all()


@pytest.mark.parametrize(("hidden", "taken"), VARIANTS)
def test_whole_heads_go_with_their_scales_and_biases(tmp_path: Path, hidden: int, taken: str) -> None:
    """Where there are more heads than dimensions of one: all of a head's, in queries, keys and values."""
    result = pruned(attention(tmp_path / "net.onnx", 6, 2, hidden, taken), before=4, qkv=18)
    kept = np.reshape([place in result.plan.kept["qkv"] for place in range(36)], (3, 6, 2))
    assert (kept == kept[:1, :, :1]).all()
    assert kept[0, :, 0].sum() == 3
    assert "projection" in result.report.pinned
    assert "qkv" not in result.report.pinned


def through_norm(path: Path, axis: int) -> Path:
    net = Net()
    x = net.conv("image", 3, 8, name="before")
    norm = net.op("Clip", net.op("ReduceL2", x, net.integers(axis), keepdims=1), net.constant(1e-12))
    scaled = net.op("Div", x, net.op("Expand", norm, net.op("Shape", x), name="stretch"))
    return net.save(path, [net.conv(scaled, 8, 2, name="after")])


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_a_norm_that_is_stretched_over_channels_or_along_them(tmp_path: Path, axis: int) -> None:
    pruned(through_norm(tmp_path / "net.onnx", axis), before=4)


def test_what_else_reads_a_stretched_norm_has_its_channels(tmp_path: Path) -> None:
    """A convolution loses the rows that it has for them."""
    net = Net()
    x = net.conv("image", 3, 8, name="before")
    norm = net.op("Expand", net.op("ReduceL2", x, net.integers(1), keepdims=1), net.op("Shape", x))
    out = net.op("Add", net.conv(net.op("Mul", x, norm), 8, 2), net.conv(norm, 8, 2, name="other"))
    pruned(net.save(tmp_path / "net.onnx", [out]), before=4)


def test_places_of_channels_are_pinned_and_places_beside_them_are_not(tmp_path: Path) -> None:
    """GatherND along rows and columns, with the channels last."""
    net = Net()
    last = net.op("Transpose", net.conv("image", 3, 8, name="before"), perm=[0, 2, 3, 1])
    rows = net.op("GatherND", last, net.constant([[0, 1], [0, 2]], "int64"))
    out = net.op("MatMul", rows, net.random(8, 3))
    pruned(net.save(tmp_path / "net.onnx", [out]), before=4)


def test_a_chain_of_constants_is_folded_where_it_ends_smaller_than_it_began(tmp_path: Path) -> None:
    """A bias that nodes compute: what lies between is larger than what each reads, and the end is not."""
    net = Net()
    x = net.op("MatMul", tokens(net), net.random(8, 210), name="wide")
    out = net.op("MatMul", net.op("Add", x, without_keys(net, 7, 10)), net.random(210, 3))
    result = harness.prune(net.save(tmp_path / "net.onnx", [out]), ratio=0.5)
    assert {node.op_type for node in result.model.graph} & {"Expand", "ScatterND"} == set()
    assert len(result.plan.kept["wide"]) == 105
