"""Large weights are kept out of the graph while it is converted, and the file is the same."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from harness.export import onnx_from_keras, parity, require_parity
from harness.export.conversion import weights
from harness.export.conversion.trace import frozen_graph
from tests.export.nets import NETS, L, chain, examples, randomized
from tests.export.test_applications import untrained

pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")

QUICK = {"conv same", "normalized depthwise", "normalized after bias", "squeeze and excite", "two products"}


def written(model: keras.Model, path: Path, monkeypatch: pytest.MonkeyPatch, large_bytes: float) -> onnx.ModelProto:
    monkeypatch.setattr(weights, "LARGE_BYTES", large_bytes)
    onnx_from_keras(model, path)
    return onnx.load(path)


def require_same(model: keras.Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All weights kept out, or none: the same file, but for the last digit of what was computed from a weight."""
    every, none = (written(model, folder / f"{size}.onnx", monkeypatch, size) for size in (1, math.inf))
    pairs = list(zip(every.graph.initializer, none.graph.initializer, strict=True))
    for found, expected in pairs:
        assert found.name == expected.name
        values = onnx.numpy_helper.to_array(expected)
        np.testing.assert_allclose(onnx.numpy_helper.to_array(found), values, rtol=1e-6, atol=0)
        found.raw_data = expected.raw_data
    assert every == none


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NETS]
)
def test_the_file_is_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every small network: graph, names, and numbers."""
    require_same(NETS[name](), tmp_path, monkeypatch)


def shared() -> keras.Model:
    """A convolution and a Dense that are called twice each."""
    inputs = keras.Input((8, 8, 3))
    convolution, normal, dense = L.Conv2D(3, 3, padding="same", use_bias=False), L.BatchNormalization(), L.Dense(4)
    x = normal(convolution(normal(convolution(inputs))))
    return randomized(keras.Model(inputs, [dense(L.Flatten()(x)), dense(L.Flatten()(L.ReLU()(x)))]))


OTHERS = {
    "convolution of sequences": lambda: chain(L.Conv1D(6, 3), L.BatchNormalization(), L.Conv1D(4, 2), shape=(12, 5)),
    "convolution of volumes": lambda: chain(
        L.Conv3D(6, 3, use_bias=False), L.BatchNormalization(), L.Flatten(), L.Dense(3), shape=(6, 6, 6, 2)
    ),
    "in groups": lambda: chain(L.Conv2D(8, 3, groups=4, use_bias=False), L.BatchNormalization(), shape=(8, 8, 8)),
    "separable": lambda: chain(L.SeparableConv2D(8, 3, use_bias=False), L.BatchNormalization()),
    "transposed": lambda: chain(L.Conv2DTranspose(8, 3, strides=2, use_bias=False), L.BatchNormalization()),
    "scaled by one number": lambda: chain(L.Conv2D(8, 3, use_bias=False), L.Rescaling(0.3), L.ReLU()),
    "scaled twice": lambda: chain(L.Conv2D(8, 3, use_bias=False), L.BatchNormalization(), L.BatchNormalization()),
    "scaled at the output": lambda: chain(L.Conv2D(8, 3, use_bias=False), L.BatchNormalization(center=False)),
    "words": lambda: chain(L.Embedding(50, 8), L.Dense(6), shape=(7,)),
    "a sequence": lambda: chain(L.LSTM(6, return_sequences=True), L.GRU(5), L.Dense(3), shape=(7, 4)),
    "unrolled": lambda: chain(L.SimpleRNN(6, unroll=True), L.Dense(3), shape=(4, 4)),
    "einsum": lambda: chain(L.EinsumDense("abc,cd->abd", (None, 6)), shape=(7, 4)),
    "shared": shared,
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_file_is_the_same_for_other_layers(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a weight in another way gets it as a constant, as before."""
    require_same(OTHERS[name](), tmp_path, monkeypatch)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("opset", [13, 23])
def test_as_asked(layout: str, opset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either layout, one batch, and an opset that tf2onnx does not write."""
    model = NETS["normalized depthwise"]()
    monkeypatch.setattr(weights, "LARGE_BYTES", 1)
    options: dict[str, Any] = {"layout": layout, "opset": opset, "batch": 2, "float16_inputs": True}
    onnx_from_keras(model, tmp_path / "every.onnx", **options)
    monkeypatch.setattr(weights, "LARGE_BYTES", math.inf)
    onnx_from_keras(model, tmp_path / "none.onnx", **options)
    assert (tmp_path / "every.onnx").read_bytes() == (tmp_path / "none.onnx").read_bytes()


def test_a_large_weight_is_no_constant_of_the_graph() -> None:
    """By default: the 4 MB of a Dense are an input of the graph that tf2onnx is given, its bias is a constant."""
    model = chain(L.Flatten(), L.Dense(2**13), L.Dense(3), shape=(8, 16, 1))
    frozen = frozen_graph(model)
    assert [variable.path for variable in frozen.weights.values()] == [model.layers[1].kernel.path]
    assert frozen.graph.ByteSize() < 2**18


class Normalized(L.Dense):  # type: ignore[misc]
    """A Dense whose kernel is read a second time, for its size."""

    def call(self, inputs: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        return super().call(inputs, training) / keras.ops.sum(keras.ops.abs(self.kernel))


@pytest.mark.parametrize(
    ("layer", "count"),
    [(L.Dense(8, use_bias=False), 1), (Normalized(8, use_bias=False), 0), (L.Embedding(50, 8), 0)],
    ids=["read by a product", "and for its size", "read by its rows"],
)
def test_what_is_read_otherwise_is_a_constant(
    layer: keras.layers.Layer, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what a convolution or a matrix product alone reads is kept out."""
    monkeypatch.setattr(weights, "LARGE_BYTES", 1)
    model = chain(layer, shape=(7,))
    assert len(frozen_graph(model).weights) == count
    onnx_from_keras(model, tmp_path / "net.onnx")
    require_parity(parity(model, tmp_path / "net.onnx", examples(model)), "net")


def test_large_zeros_are_marked(tmp_path: Path) -> None:
    """A large kernel of zeros stays in the graph, as zeros, and what reads it does too."""
    model = chain(L.Flatten(), L.Dense(2**13), L.Dense(3), shape=(8, 16, 1))
    model.layers[1].kernel.assign(np.zeros((128, 2**13)))
    onnx_from_keras(model, tmp_path / "net.onnx")
    sizes = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(tmp_path / "net.onnx").graph.initializer}
    (kernel,) = [values for values in sizes.values() if values.shape == (128, 2**13)]
    assert not kernel.any()
    require_parity(parity(model, tmp_path / "net.onnx", examples(model)), "net")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ResNet50", "ResNet50V2", "MobileNetV2", "EfficientNetB0", "DenseNet121", "Xception"])
def test_the_file_of_an_application_is_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hundreds of layers, most of them normalised."""
    require_same(untrained(name), tmp_path, monkeypatch)
