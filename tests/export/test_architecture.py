"""Equal digests mean equal kernels: what must not count, and what must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from onnx import parser

import harness
import models
from harness.base.errors import ExportError
from harness.export import architecture_digest, onnx_from_keras
from tests.export.nets import NETS, L, chain, randomized, small


def digest_of(model: keras.Model, folder: Path) -> str:
    path = folder / "net.onnx"
    onnx_from_keras(model, path)
    return architecture_digest(path)


SEEDED = ["conv same", "normalized depthwise", "normalized after bias", "squeeze and excite"]


@pytest.mark.parametrize("name", SEEDED)
def test_seeds_of_one_network_are_equal(name: str, tmp_path: Path) -> None:
    """Other weights, other BatchNormalization statistics, other layer counters."""
    first, second = NETS[name](), randomized(NETS[name](), seed=7)
    assert digest_of(first, tmp_path) == digest_of(second, tmp_path)


@pytest.mark.parametrize("name", ["deepcaptcha", "single_conv"])
def test_fresh_and_trained_are_equal(name: str, tmp_path: Path) -> None:
    """A fresh network's biases are zeros, which TensorFlow would drop from the graph."""
    assert digest_of(models.build(name), tmp_path) == digest_of(randomized(models.build(name)), tmp_path)


def test_equal_weights_in_two_layers_are_equal(tmp_path: Path) -> None:
    """Constants that happen to be shared don't count."""
    model = chain(L.Conv2D(3, 1), L.ReLU(), L.Conv2D(3, 1), shape=(4, 4, 3))
    shared = chain(L.Conv2D(3, 1), L.ReLU(), L.Conv2D(3, 1), shape=(4, 4, 3))
    shared.layers[2].set_weights(shared.layers[0].get_weights())
    assert digest_of(model, tmp_path) == digest_of(shared, tmp_path)


def test_pruned_seeds_of_the_same_widths_are_equal(tmp_path: Path) -> None:
    """Two seeds lose different channels; what is left has one shape."""
    digests = [digest_of(harness.prune(small(seed=seed), ratio=0.5).model, tmp_path) for seed in (0, 1)]
    assert digests[0] == digests[1] == digest_of(small(filters=4), tmp_path)
    assert digests[0] != digest_of(small(), tmp_path)


OTHERS: dict[str, Callable[[], keras.Model]] = {
    "width": lambda: small(filters=9),
    "padding": lambda: small(padding="valid"),
    "stride": lambda: small(strides=2),
    "dilation": lambda: small(dilation_rate=2),
    "no bias": lambda: small(use_bias=False),
    "activation": lambda: small(activation="tanh"),
    "slope": lambda: small(activation=keras.layers.LeakyReLU(0.1)),
    "another slope": lambda: small(activation=keras.layers.LeakyReLU(0.3)),
    "limit": lambda: small(activation=keras.layers.ReLU(6.0)),
    "another limit": lambda: small(activation=keras.layers.ReLU(4.0)),
}


def test_any_change_of_the_network_counts(tmp_path: Path) -> None:
    """Widths, paddings, strides, dilations, biases, operations and their settings."""
    digests = {name: digest_of(build(), tmp_path) for name, build in {"itself": small, **OTHERS}.items()}
    assert len(set(digests.values())) == len(digests), digests


GRAPH = """
<ir_version: 8, opset_import: ["" : 18]>
net (float[batch, 4] x) => (float[batch, 2] y)
<float[4, 4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, float high = {6.0}, int64[1] start = {0},
 int64[1] end = {2}, int64[1] axis = {1}, float low = {0.0}>
{
  a = MatMul(x, w)
  b = Relu(a)
  c = Sigmoid(a)
  d = Add(b, c)
  e = Clip(d, low, high)
  y = Slice(e, start, end, axis)
}
"""


def digest_of_text(text: str, folder: Path) -> str:
    path = folder / "text.onnx"
    onnx.save(parser.parse_model(text), path)
    return architecture_digest(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("{1,2,3,", "{0,0,7,", id="weights"),
        pytest.param("  b = Relu(a)\n  c = Sigmoid(a)", "  c = Sigmoid(a)\n  b = Relu(a)", id="order of nodes"),
        pytest.param("net (", "other (", id="name of the graph"),
        pytest.param("batch", "N", id="name of the batch"),
    ],
)
def test_what_does_not_count(old: str, new: str, tmp_path: Path) -> None:
    """Values of weights, names, and the order in which a file lists its nodes."""
    assert old in GRAPH
    assert digest_of_text(GRAPH.replace(old, new), tmp_path) == digest_of_text(GRAPH, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("high = {6.0}", "high = {5.0}", id="limit"),
        pytest.param("end = {2}", "end = {1}", id="index"),
        pytest.param("c = Sigmoid(a)", "c = Sigmoid(b)", id="wiring"),
        pytest.param("Add(b, c)", "Mul(b, c)", id="operation"),
        pytest.param("float[4, 4] w", "double[4, 4] w", id="type of a weight"),
        pytest.param("float[batch, 4] x", "float[1, 4] x", id="fixed batch"),
        pytest.param('"" : 18', '"" : 17', id="opset"),
    ],
)
def test_what_counts(old: str, new: str, tmp_path: Path) -> None:
    """Settings, wiring, operations, types, sizes."""
    assert old in GRAPH
    assert digest_of_text(GRAPH.replace(old, new), tmp_path) != digest_of_text(GRAPH, tmp_path)


RESIZE = """
<ir_version: 8, opset_import: ["" : 18]>
net (float[1, 1, 4, 4] x) => (float[1, 1, h, w] y)
<float[4] scales = {1, 1, 2, 2}>
{ y = Resize(x, , scales) }
"""

BRANCH = """
<ir_version: 8, opset_import: ["" : 18]>
net (float[4] x, bool which) => (float[4] y)
<float[4] w = {1, 2, 3, 4}>
{
  a = Relu(x)
  y = If (which) <
    then_branch = yes () => (float[4] p) { p = Add(a, w) },
    else_branch = no () => (float[4] q) { q = Mul(a, x) }
  >
}
"""


def test_scales_of_a_resize_count(tmp_path: Path) -> None:
    """They are floats, but no weights."""
    assert digest_of_text(RESIZE, tmp_path) != digest_of_text(RESIZE.replace("2, 2}", "3, 3}"), tmp_path)


def test_what_is_inside_a_branch_counts(tmp_path: Path) -> None:
    """Graphs inside nodes are described too, with what they take from outside; their weights' values are not."""
    digest = digest_of_text(BRANCH, tmp_path)
    assert digest != digest_of_text(BRANCH.replace("Mul(a, x)", "Mul(x, x)"), tmp_path)
    assert digest != digest_of_text(BRANCH.replace("Add(a, w)", "Sub(a, w)"), tmp_path)
    assert digest == digest_of_text(BRANCH.replace("{1, 2, 3, 4}", "{4, 2, 3, 4}"), tmp_path)


def test_file_that_is_no_onnx(tmp_path: Path) -> None:
    """One line that says what to give."""
    path = tmp_path / "net.onnx"
    path.write_bytes(np.arange(50).tobytes())
    with pytest.raises(ExportError, match="can't be read as ONNX; give the path of a complete"):
        architecture_digest(path)
