"""Importance by reconstruction: which channels of a graph the kernels behind them can do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.base.errors import PruneError
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def images(count: int = 160, seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((count, 3, 6, 6)).astype(np.float32)


def doubled(net: Net, x: str, before: int, filters: int, name: str) -> str:
    """A convolution whose second half of filters are the first half's again, twice as strong."""
    generator = np.random.default_rng(3)
    kernel, bias = generator.normal(0, 0.5, (filters // 2, before, 3, 3)), generator.normal(0, 0.2, filters // 2)
    both = net.constant(np.concatenate([kernel, 2 * kernel])), net.constant(np.concatenate([bias, 2 * bias]))
    made: str = net.op("Relu", net.op("Conv", x, *both, name=name, pads=[1, 1, 1, 1]))
    return made


def ways(net: Net, x: str, way: str) -> str:
    """Ways to read eight channels; all mix them."""
    if way == "convolution":
        return net.conv(x, 8, 4, name="reader")
    if way == "after a depthwise one":
        alike = net.constant(np.tile(np.random.default_rng(4).normal(0, 0.5, (4, 1, 3, 3)), (2, 1, 1, 1)))
        return net.conv(net.op("Conv", x, alike, group=8, pads=[1, 1, 1, 1]), 8, 4, size=1, name="reader")
    if way == "transposed":
        made: str = net.op("ConvTranspose", x, net.random(8, 4, 2, 2), name="reader", strides=[2, 2])
        return made
    if way == "flattened":
        return net.dense(net.op("Flatten", x), 288, 4, name="reader")
    tokens = net.op("Transpose", net.op("Reshape", x, net.integers(0, 8, -1)), perm=[0, 2, 1])
    out: str = net.op("MatMul", tokens, net.random(8, 4), name="reader")
    return out


WAYS = ["convolution", "after a depthwise one", "transposed", "flattened", "tokens"]


@pytest.mark.parametrize("way", WAYS)
def test_of_each_pair_of_twins_one_stays(tmp_path: Path, way: str) -> None:
    """By their weights the weaker ones of all pairs would go as well; what is kept must say all that all did."""
    net = Net()
    path = net.save(tmp_path / "net.onnx", [ways(net, doubled(net, "image", 3, 8, "first"), way)])
    kept = harness.prune(path, ratio=0.5, importance="reconstruction", data=images()).plan.kept["first"]
    assert sorted(each % 4 for each in kept) == [0, 1, 2, 3]


def test_what_is_solved_again_comes_nearer_than_by_weights(tmp_path: Path) -> None:
    """Strong filters whose twins are as strong go, weak ones that say something else stay."""
    net = Net()
    generator = np.random.default_rng(3)
    strong, weak = generator.normal(0, 1.0, (3, 3, 3, 3)), generator.normal(0, 0.3, (3, 3, 3, 3))
    kernel = net.constant(np.concatenate([strong, strong, weak]))
    x = net.op("Relu", net.op("Conv", "image", kernel, net.random(9), name="first", pads=[1, 1, 1, 1]))
    path = net.save(tmp_path / "net.onnx", [net.conv(x, 9, 5, name="last")])
    asked = {"ratio": 1 / 3, "recover": "reconstruct", "data": images()}
    by = {each: harness.prune(path, importance=each, **asked) for each in ("l1", "reconstruction")}
    missed = {each: result.reconstruction.after for each, result in by.items()}
    assert missed["reconstruction"] < 0.5 * missed["l1"]


def test_channels_that_no_kernel_mixes_are_ranked_by_what_they_do(tmp_path: Path) -> None:
    """Two activations multiply; their channels meet there, and nowhere a constant."""
    net = Net()
    tokens = net.op("Transpose", net.op("Reshape", net.conv("image", 3, 6), net.integers(0, 6, -1)), perm=[0, 2, 1])
    scale = net.constant(np.array([1, 1, 1, 9, 1, 1, 1, 1])[None] * np.ones((6, 1)))
    one, other = net.op("MatMul", tokens, scale, name="one"), net.op("MatMul", tokens, net.random(6, 8), name="other")
    path = net.save(tmp_path / "net.onnx", [net.op("MatMul", one, net.op("Transpose", other, perm=[0, 2, 1]))])
    kept = harness.prune(path, ratio=0.5, importance="reconstruction", data=images()).plan.kept["one"]
    assert 3 in kept


def test_it_looks_at_data(tmp_path: Path) -> None:
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 3, 8, name="first"), 8, 2)])
    for data, message in ((None, "looks at data; give it"), (images() * np.nan, "is not finite on this data")):
        with pytest.raises(PruneError, match=message):
            harness.prune(path, ratio=0.5, importance="reconstruction", data=data)


def test_several_inputs(tmp_path: Path) -> None:
    net = Net()
    x, y = net.dense("a", 5, 12, name="first"), net.dense("b", 4, 12, name="other")
    last = net.dense(net.op("Relu", net.op("Add", x, y)), 12, 3, name="last")
    path = net.save(tmp_path / "net.onnx", [last], [tensor("a", ("N", 5)), tensor("b", ("N", 4))])
    generator = np.random.default_rng(0)
    data = {name: generator.random((100, size)).astype(np.float32) for name, size in (("a", 5), ("b", 4))}
    result = harness.prune(path, ratio=0.5, importance="reconstruction", data=data)
    assert result.plan.kept["first"] == result.plan.kept["other"]
    assert result.proof.holds
