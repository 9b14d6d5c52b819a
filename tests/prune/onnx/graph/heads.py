"""Attention that normalises queries and keys, beside a bias that is computed from constants: as Swin V2 has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.prune.onnx.graph.building import Net

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
