"""A Mul and an Add by channels become a BatchNormalization, bit for bit, and only such a pair does."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from harness.export import export
from harness.export.cleanup.fuse_scale_and_offset import FuseScaleAndOffset
from tests.export.cleanup.graphs import graph, normal, operations, outputs
from tests.export.nets import L, examples, randomized

PAIR = """
net (float[batch, 3, 4, 5] x, float[1, 3, 1, 1] s, float[1, 3, 1, 1] o) => (float[batch, 3, 4, 5] y)
{
  a = Mul(x, s)
  y = Add(a, o)
}
"""
WEIGHTS = {"s": normal(1, 3, 1, 1, seed=1), "o": normal(1, 3, 1, 1, seed=2)}


@pytest.mark.parametrize(
    "swaps",
    [{}, {"Mul(x, s)": "Mul(s, x)"}, {"Add(a, o)": "Add(o, a)"}],
    ids=["constants last", "scale first", "offset first"],
)
def test_a_pair_is_one_operation(swaps: dict[str, str]) -> None:
    """Whichever input is the constant; the numbers are the same to the last bit."""
    text = PAIR
    for old, new in swaps.items():
        text = text.replace(old, new)
    x = normal(2, 3, 4, 5)
    before = outputs(graph(text, WEIGHTS), x)[0]
    model = graph(text, WEIGHTS)
    assert FuseScaleAndOffset()(model).modified
    assert operations(model) == ["BatchNormalization"]
    np.testing.assert_array_equal(outputs(model, x)[0], before)


def test_constants_without_a_batch() -> None:
    """(C, 1, 1) lies along the channels too."""
    weights = {name: values.reshape(3, 1, 1) for name, values in WEIGHTS.items()}
    model = graph(PAIR.replace("float[1, 3, 1, 1]", "float[3, 1, 1]"), weights)
    assert FuseScaleAndOffset()(model).modified
    x = normal(2, 3, 4, 5)
    np.testing.assert_array_equal(outputs(model, x)[0], outputs(graph(PAIR, WEIGHTS), x)[0])


OTHERS = {
    "along the last axis": PAIR.replace("float[1, 3, 1, 1]", "float[1, 1, 1, 5]"),
    "one number for all": PAIR.replace("float[1, 3, 1, 1] o", "float[1, 1, 1, 1] o"),
    "a channel becomes three": PAIR.replace("float[batch, 3, 4, 5] x", "float[batch, 1, 4, 5] x"),
    "what is scaled has another reader": PAIR.replace("=> (", "=> (float[batch, 3, 4, 5] z, ").replace(
        "  y = ", "  z = Relu(a)\n  y = "
    ),
    "what is scaled is an output": PAIR.replace("=> (", "=> (float[batch, 3, 4, 5] a, "),
    "not images": PAIR.replace("float[batch, 3, 4, 5]", "float[batch, 3, 4, 5, 6]").replace(
        "float[1, 3, 1, 1]", "float[1, 3, 1, 1, 1]"
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_pairs_stay(name: str) -> None:
    """What is no BatchNormalization, or is needed in between."""
    declared = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]>\n{OTHERS[name]}').graph.input
    shapes = {value.name: [size.dim_value for size in value.type.tensor_type.shape.dim] for value in declared}
    model = graph(OTHERS[name], {key: normal(*shapes[key]) for key in ("s", "o")})
    assert not FuseScaleAndOffset()(model).modified


def test_what_is_not_constant_stays() -> None:
    """A squeeze-and-excite block scales each channel too, by what it has computed."""
    assert not FuseScaleAndOffset()(graph(PAIR, {"o": WEIGHTS["o"]})).modified


def test_broken_promise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that leaves what it should replace is found out by its own postcondition."""
    monkeypatch.setattr(FuseScaleAndOffset, "call", lambda self, model: ir.passes.PassResult(model, False))
    with pytest.raises(ir.passes.PostconditionError, match="still shifts"):
        FuseScaleAndOffset()(graph(PAIR, WEIGHTS))


def preactivated(*, trained: bool = True) -> keras.Model:
    """A padded stem and two dense layers that normalise first, as DenseNet has them, 16 channels and more."""
    inputs = keras.Input((16, 16, 3))
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, 3, padding="same", use_bias=False)(inputs)))
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    for _ in range(2):
        made = L.ReLU()(L.BatchNormalization(epsilon=1.001e-5)(x))
        x = L.Concatenate()([x, L.Conv2D(16, 3, padding="same", use_bias=False)(made)])
    x = L.GlobalAveragePooling2D()(L.ReLU()(L.BatchNormalization()(x)))
    model = keras.Model(inputs, L.Dense(4)(x))
    return randomized(model) if trained else model


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("trained", [True, False], ids=["trained", "fresh"])
def test_a_network_that_normalises_first_is_never_reordered(layout: str, trained: bool, tmp_path: Path) -> None:
    """Agreeing with Keras; and ONNX Runtime leaves its blocked layout once, at the end, and pads in the MaxPool."""
    model = preactivated(trained=trained)
    found = export(model, tmp_path / "net.onnx", examples(model)[0], layout=layout)
    assert found.parity.largest_difference < 1e-4
    written = [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node]
    assert written.count("BatchNormalization") == 3
    assert "Mul" not in written
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(tmp_path / "net.onnx", options, providers=["CPUExecutionProvider"])
    optimized = [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node]
    assert optimized.count("ReorderOutput") <= 1
    assert not {"BatchNormalization", "Pad", "Relu"} & set(optimized)
