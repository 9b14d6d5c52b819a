"""How a file is read: sizes that are invented, and what two runs show to be constant."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest

import harness
from harness.base.errors import ModelError
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.given import Given
from harness.prune.onnx.graph.inputs import MOST_FREE, layouts, suggested
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.running import Runner
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def kinds(path: Path) -> list[str]:
    """The operators of a file as it was read."""
    return [node.op_type for node in read_onnx(path).model.graph]


def test_sizes_that_may_vary_are_other_ones_in_the_second_run(tmp_path: Path) -> None:
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv("image", 3, 4)], [tensor("image", ("N", 3, "h", "w"))])
    first, second = (feeds["image"].shape for feeds in read_onnx(path).feeds)
    assert first[0] == 1
    assert second[0] > 1
    assert first[1] == second[1] == 3
    assert all(one != other for one, other in zip(first[2:], second[2:], strict=True))


def test_sizes_of_minus_one_and_of_no_shape(tmp_path: Path) -> None:
    """As Paddle writes them."""
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 3, 8), 8, 2)])
    model = onnx.load(path)
    for size in model.graph.input[0].type.tensor_type.shape.dim:
        size.dim_value = -1
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3
    onnx.save(model, path)
    assert harness.prune(path, ratio=0.5).proof.holds
    model.graph.input[0].type.tensor_type.ClearField("shape")
    onnx.save(model, path)
    assert harness.prune(path, ratio=0.5).proof.holds


def test_what_the_number_of_channels_makes_is_folded_and_what_a_batch_makes_is_not(tmp_path: Path) -> None:
    net = Net()
    x = net.conv("image", 3, 8)
    shape = net.op("Shape", x)
    batch, count = (net.op("Gather", shape, net.integers(place)) for place in (0, 1))
    half = net.op("Div", count, net.integers(2))
    rows = net.op("Reshape", x, net.op("Concat", batch, net.integers(2), half, net.integers(-1), axis=0))
    path = net.save(tmp_path / "net.onnx", [net.op("ReduceSum", rows, net.integers(2, 3), keepdims=0)])
    assert kinds(path) == ["Conv", "Shape", "Gather", "Concat", "Reshape", "ReduceSum"]


def test_a_scale_by_the_number_of_channels_stays_the_original_s(tmp_path: Path) -> None:
    """An attention's square root of its width: the masked original keeps it, and so does the cut graph."""
    net = Net()
    x = net.conv("image", 3, 8, name="before")
    width = net.op("Cast", net.op("Gather", net.op("Shape", x), net.integers(1)), to=1)
    path = net.save(tmp_path / "net.onnx", [net.conv(net.op("Div", x, net.op("Sqrt", width)), 8, 2)])
    result = harness.prune(path, ratio=0.5)
    assert len(result.plan.kept["before"]) == 4
    assert result.proof.holds


def test_kernels_that_are_turned_on_the_way_are_cut(tmp_path: Path) -> None:
    """Constants through Transpose, Reshape and Slice are folded, whatever their size; none grows."""
    net = Net()
    turned = net.op("Transpose", net.random(12, 108), perm=[1, 0])
    part = net.op("Slice", turned, net.integers(0), net.integers(10), net.integers(1))
    hidden = net.op("MatMul", net.op("Flatten", "image"), part, name="hidden")
    path = net.save(tmp_path / "net.onnx", [net.op("MatMul", net.op("Relu", hidden), net.random(10, 3))])
    assert kinds(path) == ["Flatten", "MatMul", "Relu", "MatMul"]
    assert len(harness.prune(path, ratio=0.5).plan.kept["hidden"]) == 5


def test_a_grid_that_is_computed_is_not_stored(tmp_path: Path) -> None:
    """What grows larger than what it is made of stays computed."""
    net = Net()
    grid = net.op("Expand", net.random(1, 2, 1, 1), net.integers(1, 2, 6, 6))
    path = net.save(tmp_path / "net.onnx", [net.op("Add", net.conv("image", 3, 2), grid)])
    assert "Expand" in kinds(path)


def test_values_that_are_said_are_fed(tmp_path: Path) -> None:
    net = Net()
    scaled = net.op("Mul", net.conv("image", 3, 8), "rate")
    inputs = [tensor("image", ("N", 3, 6, 6)), tensor("rate", [])]
    path = net.save(tmp_path / "net.onnx", [net.conv(scaled, 8, 2)], inputs)
    graph = read_onnx(path, ["rate=3"])
    assert all(feeds["rate"] == np.float32(3) for feeds in graph.feeds)
    assert harness.prune(path, ratio=0.5, inputs=["rate=3"]).proof.holds


def test_weights_that_are_inputs_too(tmp_path: Path) -> None:
    """As the first versions of ONNX wanted it: they stay inputs, of the shapes that are left."""
    net = Net(opset=9)
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 3, 8, name="before"), 8, 2)])
    model = onnx.load(path)
    model.ir_version = 3
    model.graph.input.extend(tensor(each.name, each.dims) for each in model.graph.initializer)
    onnx.save(model, path)
    result = harness.prune(path, ratio=0.5)
    result.write(tmp_path / "pruned.onnx")
    left = onnx.load(tmp_path / "pruned.onnx").graph
    assert [value.name for value in left.input] == [value.name for value in model.graph.input]
    assert [size.dim_value for size in left.input[1].type.tensor_type.shape.dim] == [4, 3, 3, 3]


def test_half_precision(tmp_path: Path) -> None:
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 3, 8, name="before"), 8, 2)])
    model = onnx.load(path)
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    for each in model.graph.initializer:
        each.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(each).astype(np.float16), each.name))
    onnx.save(model, path)
    assert len(harness.prune(path, ratio=0.5).plan.kept["before"]) == 4


@pytest.mark.parametrize("opset", [7, 8])
def test_files_from_before_there_was_a_where(tmp_path: Path, opset: int) -> None:
    net = Net(opset)
    x = net.op("Relu", net.conv("image", 3, 8, name="before"))
    path = net.save(tmp_path / "net.onnx", [net.dense(net.op("Flatten", x), 288, 2)])
    assert len(harness.prune(path, ratio=0.5).plan.kept["before"]) == 4


def test_texts_are_refused(tmp_path: Path) -> None:
    net = Net()
    text = tensor("words", ("N",), onnx.TensorProto.STRING)
    out = net.op("Identity", "words")
    path = net.save(tmp_path / "net.onnx", [], [text])
    model = onnx.load(path)
    model.graph.output.append(tensor(out, ("N",), onnx.TensorProto.STRING))
    onnx.save(model, path)
    with pytest.raises(ModelError, match="input 'words' holds string; only networks that take numbers"):
        read_onnx(path)


def test_the_file_is_only_read(tmp_path: Path) -> None:
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 3, 8), 8, 2)])
    before = path.read_bytes()
    graph = read_onnx(path)
    names = [(value.name, value.const_value.numpy().copy()) for value in graph.model.graph.initializers.values()]
    harness.prune(path, ratio=0.5)
    assert path.read_bytes() == before
    for name, array in names:
        np.testing.assert_array_equal(graph.model.graph.initializers[name].const_value.numpy(), array)


def test_a_size_that_was_given_is_not_the_only_one(tmp_path: Path) -> None:
    """The width that latency is measured at: the pruned file takes others, and other batches, as the original does."""
    net = Net()
    shape = net.op("Shape", "image")
    batch, width = (net.op("Gather", shape, net.integers(place)) for place in (0, 3))
    x = net.op("Relu", net.conv("image", 3, 8, name="before"))
    same = net.op("Reshape", x, net.op("Concat", batch, net.integers(8, 6), width, axis=0))
    path = net.save(tmp_path / "net.onnx", [net.conv(same, 8, 2)], [tensor("image", (None, 3, 6, None))])
    result = harness.prune(path, ratio=0.5, inputs=["image:1x3x6x20:float32"])
    assert len(result.plan.kept["before"]) == 4
    (made,) = Runner(result.model).run({"image": np.ones((2, 3, 6, 11), np.float32)})
    assert made.shape == (2, 2, 6, 11)


@pytest.mark.parametrize("shape", [("N", None, None, None), None])
def test_channels_that_are_open_are_those_of_the_first_convolution(
    tmp_path: Path, shape: tuple[str | None, ...] | None
) -> None:
    """As PyTorch writes a file of which every axis was declared dynamic; one channel, which is no picture's usual."""
    net = Net()
    path = net.save(tmp_path / "net.onnx", [net.conv(net.conv("image", 1, 8), 8, 2)], [tensor("image", shape)])
    assert read_onnx(path).inputs[0].shape == (None, 1, None, None)
    assert harness.prune(path, ratio=0.5).proof.holds


def test_sizes_that_would_not_fit_into_memory_are_not_tried() -> None:
    open_ones = [ModelInput("x", "float32", (None,) * 5)]
    tried = list(layouts(open_ones, Given(), 1))
    assert tried
    assert max(math.prod(shape) for (shape,) in tried) <= MOST_FREE
    known = [ModelInput("x", "float32", (1, 3, 2048, 2048))]
    assert list(layouts(known, Given(), 1)) == [((1, 3, 2048, 2048),)]


def test_an_axis_that_varies_beside_a_batch_is_suggested_as_one() -> None:
    inputs = [ModelInput("audio", "float32", (None, 512)), ModelInput("state", "float32", (2, None, 128))]
    assert suggested(inputs) == "--input audio:Nx512:float32 --input state:2xNx128:float32"
