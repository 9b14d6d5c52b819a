"""Rules of operators on whole numbers that stand for others: quantized files, whichever form they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

import harness
from harness.base.errors import PruneError
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import ended, pruned, through
from tests.prune.onnx.graph.quantizing import MICROSOFT, Quantized, bytes_between

pytestmark = pytest.mark.without_tensorflow


def one_scale(net: Quantized, x: str) -> str:
    """A convolution with one scale for all filters."""
    inputs = (x, *net.point(), net.bytes_(8, 8, 3, 3), net.constant(0.004), net.constant(3, "int8"), *net.point())
    made: str = net.op("QLinearConv", *inputs, pads=[1, 1, 1, 1])
    return made


def rows(net: Quantized, x: str) -> str:
    """A product with a kernel, which has a scale for each column."""
    last = net.op("Transpose", x, perm=[0, 2, 3, 1])
    made = net.op("QLinearMatMul", last, *net.point(), net.bytes_(8, 8), *net.scales(8), *net.point(), name="product")
    return str(net.op("Transpose", made, perm=[0, 3, 1, 2]))


def two_tensors(net: Quantized, x: str) -> str:
    """The places of one tensor by those of another."""
    flat = net.op("Reshape", x, net.integers(0, 8, 36))
    other = net.op("Reshape", net.qconv(x, 8, 8, name="other"), net.integers(0, 8, 36))
    turned = net.op("Transpose", flat, perm=[0, 2, 1])
    made = net.op("QLinearMatMul", turned, *net.point(), other, *net.point(), net.constant(0.5), net.point()[1])
    return str(net.op("Reshape", made, net.integers(0, 36, 6, 6)))


BODIES: dict[str, tuple[Callable[[Quantized, str], str], int]] = {
    "convolution": (lambda net, x: net.qconv(x, 8, 6), 6),
    "one scale": (one_scale, 8),
    "two convolutions": (lambda net, x: net.qconv(net.qconv(x, 8, 6), 6, 4), 4),
    "depthwise": (lambda net, x: net.qconv(x, 8, 8, group=8), 8),
    "in groups": (lambda net, x: net.qconv(x, 8, 8, group=2), 8),
    "residual": (
        lambda net, x: net.op(
            "QLinearAdd", x, *net.point(), net.qconv(x, 8, 8), *net.point(), *net.point(), **MICROSOFT
        ),
        8,
    ),
    "by a constant": (
        lambda net, x: net.op(
            "QLinearMul", x, *net.point(), net.constant(np.arange(100, 108).reshape(8, 1, 1), "uint8"), *net.point(),
            *net.point(), **MICROSOFT,
        ),
        8,
    ),
    "joined": (
        lambda net, x: net.op(
            "QLinearConcat", *net.point(), x, *net.point(), net.qconv(x, 8, 6), *net.point(), axis=1, **MICROSOFT
        ),
        14,
    ),
    "leaky": (lambda net, x: net.op("QLinearLeakyRelu", x, *net.point(), *net.point(), alpha=0.1, **MICROSOFT), 8),
    "sigmoid": (lambda net, x: net.op("QLinearSigmoid", x, *net.point(), *net.point(), **MICROSOFT), 8),
    "global average": (
        lambda net, x: net.op("QLinearGlobalAveragePool", x, *net.point(), *net.point(), **MICROSOFT), 8,
    ),
    "average": (
        lambda net, x: net.op(
            "QLinearAveragePool", x, *net.point(), *net.point(), kernel_shape=[2, 2], strides=[2, 2], **MICROSOFT
        ),
        8,
    ),
    "largest": (lambda net, x: net.op("MaxPool", x, kernel_shape=[2, 2], strides=[1, 1]), 8),
    "matrices": (rows, 8),
    "two tensors": (two_tensors, 36),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_operators_on_bytes(tmp_path: Path, name: str) -> None:
    """Half of the channels go, with their scales and zero points; what is left computes the same, to the bit."""
    body, channels = BODIES[name]
    result = pruned(bytes_between(tmp_path / "net.onnx", body, channels), before=4)
    assert result.proof.largest_difference <= 1e-6
    for path, kept in result.plan.kept.items():
        assert path == "after" or len(kept) * 2 == result.plan.channels[path], path


@pytest.mark.parametrize("transposed", [0, 1])
def test_a_dense_layer_of_bytes(tmp_path: Path, transposed: int) -> None:
    net = Quantized()
    flat = net.op("Flatten", net.whole(net.conv("image", 3, 8, name="before")))
    kernel = net.bytes_(*((6, 288) if transposed else (288, 6)))
    offset = net.constant(range(6), "int32")
    made = net.op(
        "QGemm", flat, *net.point(), kernel, *net.scales(6), offset, *net.point(), name="dense", transB=transposed,
        **MICROSOFT,
    )  # fmt: skip
    last = net.dense(net.real(made), 6, 3)
    result = pruned(net.save(tmp_path / "net.onnx", [last]), before=4, dense=3)
    assert result.report.macs_after is not None


def test_bytes_as_outputs_are_compared(tmp_path: Path) -> None:
    """Not only floats: a file may give the bytes themselves."""
    net = Quantized()
    x = net.qconv(net.whole(net.conv("image", 3, 8, name="before")), 8, 6, name="inner")
    out = tensor(net.qconv(x, 6, 2), None, TensorProto.UINT8)
    pruned(net.save(tmp_path / "net.onnx", [out]), before=4, inner=3)


def test_what_is_pinned_of_bytes_says_why(tmp_path: Path) -> None:
    def softmax(net: Quantized, x: str) -> str:
        made: str = net.op("QLinearSoftmax", x, *net.point(), *net.point(), axis=1, opset=13, **MICROSOFT)
        return made

    with pytest.raises(PruneError, match=r"before .*normalises over its channels"):
        harness.prune(bytes_between(tmp_path / "net.onnx", softmax), ratio=0.5)


def test_dynamic_quantization(tmp_path: Path) -> None:
    """Kernels of bytes, and a bias that is quantized on the way."""

    def body(net: Net, x: str) -> str:
        quantized, scale, zero = net.op("DynamicQuantizeLinear", x, outputs=3)
        kernel = net.constant(np.arange(6 * 8).reshape(6, 8, 1, 1) % 251, "uint8")
        counted = net.op("ConvInteger", quantized, kernel, zero, net.constant(128, "uint8"), name="counted")
        factor = net.op("Mul", scale, net.constant(0.01))
        bias = net.op("Cast", net.op("Floor", net.op("Div", net.random(6), factor)), to=6)
        total = net.op("Add", counted, net.op("Reshape", bias, net.integers(1, 6, 1, 1)))
        return ended(net, net.op("Mul", net.op("Cast", total, to=1), factor), 6)

    pruned(through(tmp_path / "net.onnx", body), before=4, counted=3)


def test_kernels_that_are_dequantized(tmp_path: Path) -> None:
    """As quantized models have them: the whole numbers are cut, and their scales, one for each filter."""

    def body(net: Net, x: str) -> str:
        numbers = net.constant(np.arange(6 * 8 * 9).reshape(6, 8, 3, 3) % 255 - 127, "int8")
        scales, zeros = net.positive(6), net.constant([0] * 6, "int8")
        kernel = net.op("DequantizeLinear", numbers, scales, zeros, axis=0)
        bias = net.op("DequantizeLinear", net.constant(range(6), "int32"), net.constant(0.1))
        return ended(net, net.op("Conv", x, kernel, bias, name="quantized", pads=[1, 1, 1, 1]), 6)

    result = pruned(through(tmp_path / "net.onnx", body), before=4, quantized=3)
    kept = {tuple(value.const_value.shape.numpy()) for value in result.model.graph.initializers.values()}
    assert (3, 4, 3, 3) in kept
    assert (3,) in kept
    costs = {layer.layer: (layer.macs_before, layer.macs_after) for layer in result.report.layers}
    assert costs["quantized"] == (6 * 8 * 9 * 36, 3 * 4 * 9 * 36)
    assert not any("optimised" in name for name in result.proof.trials)  # whose fused nodes round otherwise


def test_kernels_with_a_scale_for_each_block(tmp_path: Path) -> None:
    """As weights of few bits have them: what lies along the blocks stays, and is named; what lies across them goes."""
    net = Net(opset=21)
    numbers = net.constant(np.arange(8 * 6).reshape(8, 6) - 20, "int8")
    kernel = net.op("DequantizeLinear", numbers, net.positive(2, 6), name="blocks", axis=0, block_size=4)
    last = net.op("Transpose", net.conv("image", 3, 8, name="before"), perm=[0, 2, 3, 1])
    hidden = net.op("Relu", net.op("MatMul", last, kernel, name="hidden"))
    path = net.save(tmp_path / "net.onnx", [net.op("MatMul", hidden, net.random(6, 3))])
    result = pruned(path, hidden=3)
    assert result.report.pinned["before"] == "'blocks' has scales for blocks of them"


def test_channels_of_bytes_are_ranked_by_what_they_stand_for(tmp_path: Path) -> None:
    """Every filter has the same bytes, but for its zero point; scales tell which matter."""

    def quantized(net: Net, x: str) -> str:
        numbers = net.constant(np.tile(np.arange(72).reshape(1, 8, 3, 3) - 36, (6, 1, 1, 1)), "int8")
        scales = net.constant([0.001, 0.1, 0.002, 0.2, 0.003, 0.3])
        kernel = net.op("DequantizeLinear", numbers, scales, net.constant([0] * 6, "int8"), axis=0)
        return ended(net, net.op("Conv", x, kernel, name="inner", pads=[1, 1, 1, 1]), 6)

    assert pruned(through(tmp_path / "net.onnx", quantized), inner=3).plan.kept["inner"] == (1, 3, 5)
