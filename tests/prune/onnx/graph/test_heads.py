"""Attention that normalises queries and keys, beside a bias that is computed from constants: as Swin V2 has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import harness
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import pruned

pytestmark = pytest.mark.without_tensorflow

TOKENS = 36
PLACES = 25  # of the table of biases


def tokens(net: Net) -> str:
    rows = net.op("Reshape", net.conv("image", 3, 8, name="before"), net.integers(0, 8, -1))
    made: str = net.op("Transpose", rows, perm=[0, 2, 1])
    return made


def normalised(net: Net, x: str) -> str:
    """Along the last axis, with the norm stretched to the shape of what it divides."""
    norm = net.op("Clip", net.op("ReduceL2", x, net.integers(-1), keepdims=1), net.constant(1e-12))
    made: str = net.op("Div", x, net.op("Expand", norm, net.op("Shape", x)))
    return made


def without_keys(net: Net, heads: int, width: int) -> str:
    """Offsets of queries, keys and values, of which those of the keys are set to zero by nodes."""
    each = heads * width
    zeros = net.op("Expand", net.constant([0.0]), net.integers(each))
    places = net.constant(np.arange(each, 2 * each)[:, None], "int64")
    made: str = net.op("ScatterND", net.random(3 * each), places, net.op("Reshape", zeros, net.integers(-1)))
    return made


def table(net: Net, heads: int, hidden: int) -> str:
    """A number for each place and head, computed by two kernels from constants alone."""
    x = net.op("Relu", net.op("MatMul", net.random(1, PLACES, 2), net.random(2, hidden)))
    made: str = net.op("Reshape", net.op("MatMul", x, net.random(hidden, heads)), net.integers(-1, heads))
    return made


def biases(net: Net, heads: int, hidden: int, taken: str) -> str:
    """A bias for each head and each two tokens, taken from the table: (1, heads, tokens, tokens)."""
    places = np.arange(TOKENS**2) % PLACES
    held = net.constant(places if taken == "Gather" else places[:, None], "int64")
    rows = net.op("Reshape", net.op(taken, table(net, heads, hidden), held), net.integers(TOKENS, TOKENS, -1))
    planes = net.op("Unsqueeze", net.op("Transpose", rows, perm=[2, 0, 1]), net.integers(0))
    made: str = net.op("Mul", net.op("Sigmoid", planes), net.constant(16.0))
    return made


def attention(path: Path, heads: int, width: int, hidden: int = 64, taken: str = "Gather") -> Path:
    """Half of what is called `qkv` goes, in whole heads or in all heads alike, whichever are more."""
    net = Net()
    x, each = tokens(net), heads * width
    mixed = net.op("Add", net.op("MatMul", x, net.random(8, 3 * each), name="qkv"), without_keys(net, heads, width))
    split = net.op("Reshape", mixed, net.integers(0, -1, 3, heads, width))
    q, k, v = (
        net.op("Gather", net.op("Transpose", split, perm=[2, 0, 3, 1, 4]), net.constant(place, "int64"))
        for place in range(3)
    )
    keys = net.op("Transpose", normalised(net, k), perm=[0, 1, 3, 2])
    scores = net.op("Mul", net.op("MatMul", normalised(net, q), keys), net.positive(heads, 1, 1))
    shares = net.op("Softmax", net.op("Add", scores, biases(net, heads, hidden, taken)), axis=-1)
    joined = net.op("Transpose", net.op("MatMul", shares, v), perm=[0, 2, 1, 3])
    out = net.op("MatMul", net.op("Reshape", joined, net.integers(0, -1, each)), net.random(each, 5), name="projection")
    return net.save(path, [out])


VARIANTS = [(64, "Gather"), (64, "GatherND"), (3, "Gather"), (3, "GatherND")]  # a table of 3 is too large to be folded


@pytest.mark.parametrize(("hidden", "taken"), VARIANTS)
def test_dimensions_of_normalised_heads_go(tmp_path: Path, hidden: int, taken: str) -> None:
    result = pruned(attention(tmp_path / "net.onnx", 2, 4, hidden, taken), before=4, qkv=12)
    kept = np.reshape([place in result.plan.kept["qkv"] for place in range(24)], (6, 4))
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
    x = net.op("MatMul", tokens(net), net.random(8, 12), name="wide")
    out = net.op("MatMul", net.op("Add", x, without_keys(net, 2, 2)), net.random(12, 3))
    result = harness.prune(net.save(tmp_path / "net.onnx", [out]), ratio=0.5)
    assert {node.op_type for node in result.model.graph} & {"Expand", "ScatterND"} == set()
    assert len(result.plan.kept["wide"]) == 6
