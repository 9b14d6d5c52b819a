"""Multiply-accumulates against numbers worked out by hand, one network a line."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

from harness.measure.files.macs import Macs, count_macs
from tests.onnx_files import FLOAT, Shape, classifier, cnn, constant, save, tensor, weight


def macs(
    tmp_path: Path, nodes: list[onnx.NodeProto], shape: Shape, weights: list[onnx.TensorProto], out: str = "y"
) -> Macs:
    path = save(tmp_path / "model.onnx", nodes, [tensor("x", ["N", *shape[1:]])], [tensor(out, None)], weights)
    return count_macs(onnx.load(path), {"x": [int(str(size)) for size in shape]})


def test_convolution(tmp_path: Path) -> None:
    """16 maps of 28x28, each output from 3 channels x 3x3: 28·28·16·27."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    assert macs(tmp_path, [node], (1, 3, 28, 28), [weight("w", (16, 3, 3, 3))]).total == 28 * 28 * 16 * 27


def test_strided_valid_convolution_counts_outputs_not_inputs(tmp_path: Path) -> None:
    """(28 - 5) // 2 + 1 = 12 positions a side; a batch of 4."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[2, 2])
    assert macs(tmp_path, [node], (4, 1, 28, 28), [weight("w", (8, 1, 5, 5))]).total == 4 * 12 * 12 * 8 * 25


def test_depthwise_convolution(tmp_path: Path) -> None:
    """Each of 12 maps from its own channel: 10·10·12·9."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=12, pads=[1, 1, 1, 1])
    assert macs(tmp_path, [node], (1, 12, 10, 10), [weight("w", (12, 1, 3, 3))]).total == 10 * 10 * 12 * 9


def test_grouped_convolution(tmp_path: Path) -> None:
    """8 channels in 2 groups: each of 6 maps from 4 channels: 5·5·6·4."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=2)
    assert macs(tmp_path, [node], (1, 8, 5, 5), [weight("w", (6, 4, 1, 1))]).total == 5 * 5 * 6 * 4


def test_transposed_convolution(tmp_path: Path) -> None:
    """Each of 7·7 inputs x 8 channels is spread over 4 maps x 3x3."""
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    assert macs(tmp_path, [node], (1, 8, 7, 7), [weight("w", (8, 4, 3, 3))]).total == 7 * 7 * 8 * 4 * 9


def test_one_dimensional_convolution(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    assert macs(tmp_path, [node], (1, 2, 100), [weight("w", (4, 2, 5))]).total == 96 * 4 * 10


def test_gemm_with_transposed_weights(tmp_path: Path) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)
    assert macs(tmp_path, [node], (3, 64), [weight("w", (10, 64))]).total == 3 * 64 * 10


def test_matrix_product_over_positions(tmp_path: Path) -> None:
    """A Dense layer on NHWC maps: 7·7 positions x 32 to 10."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    assert macs(tmp_path, [node], (2, 7, 7, 32), [weight("w", (32, 10))]).total == 2 * 7 * 7 * 32 * 10


def nhwc_born(strided: bool) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """What tf2onnx makes of a Keras network: transposed to channels first, back, and flattened by a Reshape."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["nchw"], name="to_nchw", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["nchw", "w"], ["maps"], auto_pad="SAME_UPPER", strides=[2, 2] if strided else [1, 1]),
        helper.make_node("Relu", ["maps"], ["active"]),
        helper.make_node("Transpose", ["active"], ["nhwc"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["nhwc", "flat_shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "dense"], ["y"]),
    ]
    positions = 10 * 14 if strided else 20 * 28
    weights = [weight("w", (16, 3, 3, 3)), constant("flat_shape", [-1, positions * 16])]
    return nodes, [*weights, weight("dense", (positions * 16, 10))]


@pytest.mark.parametrize("strided", [False, True])
def test_graphs_born_channels_last(tmp_path: Path, strided: bool) -> None:
    """The trap: reading height from an axis that holds channels. Here all three sizes differ."""
    nodes, weights = nhwc_born(strided)
    positions = 10 * 14 if strided else 20 * 28
    expected = positions * 16 * 27 + positions * 16 * 10
    assert macs(tmp_path, nodes, (1, 20, 28, 3), weights).total == expected


def test_flatten_whose_shape_is_computed_in_the_graph(tmp_path: Path) -> None:
    """The Shape, Slice, Concat chain that exporters leave for a dynamic batch."""
    nodes = [
        helper.make_node("Shape", ["x"], ["size"]),
        helper.make_node("Slice", ["size", "zero", "one", "zero"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["flat_shape"], axis=0),
        helper.make_node("Reshape", ["x", "flat_shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "dense"], ["y"]),
    ]
    weights = [constant("zero", [0]), constant("one", [1]), constant("rest", [48]), weight("dense", (48, 5))]
    assert macs(tmp_path, nodes, (6, 4, 4, 3), weights).total == 6 * 48 * 5


def test_stale_shapes_in_the_file_are_not_believed(tmp_path: Path) -> None:
    model = onnx.load(cnn(tmp_path / "cnn.onnx", filters=8))
    model.graph.value_info.append(helper.make_tensor_value_info("maps", FLOAT, [1, 8, 999, 999]))
    assert count_macs(model, {"image": (1, 1, 8, 8)}).total == 64 * 8 * 9 + 8 * 64 * 10


def test_quantized_operators(tmp_path: Path) -> None:
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    path = save(
        tmp_path / "model.onnx",
        [node],
        [tensor("x", ["N", 12], onnx.TensorProto.UINT8)],
        [tensor("y", None, onnx.TensorProto.INT32)],
        [constant("w", [[1] * 7] * 12, "uint8")],
    )
    assert count_macs(onnx.load(path), {"x": (2, 12)}).total == 2 * 12 * 7


def test_what_can_not_be_counted_is_named_not_left_out(tmp_path: Path) -> None:
    """A total that silently misses an LSTM would be worse than none."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Einsum", ["h", "h", "h"], ["y"], name="mix", equation="ij,kj,lj->ikl"),
    ]
    found = macs(tmp_path, nodes, (2, 3), [weight("w", (3, 4))])
    assert (found.total, found.uncounted) == (None, ("'mix' (Einsum)",))


@pytest.mark.parametrize(
    ("equation", "expected"),
    [("ij,kj->ik", 2 * 2 * 3), ("ij, kl -> ijkl", 2 * 3 * 2 * 3), ("ij,ij", 2 * 3), ("ij,kj", 2 * 2 * 3)],
)
def test_einsum(tmp_path: Path, equation: str, expected: int) -> None:
    """Of two tensors of 2 x 3: all letters multiplied, whatever is summed."""
    node = helper.make_node("Einsum", ["x", "w"], ["y"], equation=equation)
    assert macs(tmp_path, [node], (2, 3), [weight("w", (2, 3))]).total == expected


def test_an_einsum_that_only_moves_things_multiplies_nothing(tmp_path: Path) -> None:
    assert macs(tmp_path, [helper.make_node("Einsum", ["x"], ["y"], equation="ij->ji")], (2, 3), []).total == 0


def test_an_einsum_with_an_ellipsis_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Einsum", ["x", "w"], ["y"], name="mix", equation="...j,kj->...k")
    assert macs(tmp_path, [node], (2, 3), [weight("w", (4, 3))]).uncounted == ("'mix' (Einsum)",)


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers(tmp_path: Path, operator: str, gates: int) -> None:
    """7 steps of 2 examples, both ways: 5 units from 6 numbers and from themselves."""
    node = helper.make_node(operator, ["x", "w", "r"], ["y"], hidden_size=5, direction="bidirectional")
    weights = [weight("w", (2, gates * 5, 6)), weight("r", (2, gates * 5, 5))]
    assert macs(tmp_path, [node], (7, 2, 6), weights).total == 7 * 2 * 2 * gates * 5 * (6 + 5)


def test_a_recurrent_layer_of_unknown_length_is_named(tmp_path: Path) -> None:
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], hidden_size=5)
    path = save(tmp_path / "m.onnx", [node], [tensor("x", None)], [tensor("y", None)],
                [weight("w", (1, 15, 6)), weight("r", (1, 15, 5))])  # fmt: skip
    assert count_macs(onnx.load(path), {}).uncounted == ("'y' (GRU)",)


def test_an_estimator_s_work_is_unknown_and_what_only_sorts_is_none(tmp_path: Path) -> None:
    found = count_macs(onnx.load(classifier(tmp_path / "c.onnx")), {"x": (1, 4)})
    assert (found.total, found.uncounted) == (None, ("'linear' (LinearClassifier)",))


def test_an_operator_of_another_domain_is_not_guessed(tmp_path: Path) -> None:
    node = helper.make_node("FancyConv", ["x"], ["y"], name="fancy", domain="my.domain")
    assert macs(tmp_path, [node], (1, 3), []).uncounted == ("'fancy' (FancyConv)",)


def test_an_unknown_shape_gives_no_total(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    path = save(tmp_path / "m.onnx", [node], [tensor("x", ["N", "M", 3])], [tensor("y", None)], [weight("w", (3, 2))])
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[1].Clear()
    assert count_macs(model, {}).uncounted == ("'product' (MatMul)",)


def test_an_unknown_rank_gives_no_total_and_is_no_scalar(tmp_path: Path) -> None:
    """The right operand's rank is known when it runs: 3 x 4 elements of 5 products, not the 5 of a row."""
    nodes = [
        helper.make_node("Reshape", ["x", "target"], ["right"], name="reshape"),
        helper.make_node("MatMul", ["w", "right"], ["y"], name="product"),
    ]
    target = tensor("target", ["rank"], onnx.TensorProto.INT64)
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N"]), target], [tensor("y", None)], [weight("w", (3, 5))])
    assert count_macs(onnx.load(path), {"x": (20,)}).uncounted == ("'product' (MatMul)",)
